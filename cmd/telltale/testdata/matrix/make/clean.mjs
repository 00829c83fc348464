// node clean.mjs OUT MEGABYTES [up]: ordinary traffic without any seed (clean.har) and 10,000 decoys (decoys.json): e-mail
// addresses and URLs that nobody sends. With "up" it is requests only. Bodies of scripts, styles and images come from the packages in node_modules.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import crypto from 'node:crypto';
import { random } from './random.mjs';
import { containers, ordinary } from './containers.mjs';
import { har, form } from './har.mjs';

const [out = 'out-clean', mb = '12', up] = process.argv.slice(2);
fs.mkdirSync(out, { recursive: true });
const r = random(4711);
const words = 'market city police election storm court school health energy football music travel report minister science budget water train airport summer winter festival garden kitchen recipe history museum bridge harbour company worker patient doctor teacher student voter coast river island forest mountain village'.split(' ');
const first = 'anna ben clara david emma felix greta hugo ida jonas karla leon mia noah olga paul rosa sam tina uwe vera willi xenia yusuf zoe'.split(' ');
const last = 'adler becker cohen diaz evans fischer garcia hughes ivanov jansen kim lopez meyer novak okafor patel quinn rossi smith tanaka ueda vogel wang young zimmer'.split(' ');
const slug = (n) => Array.from({ length: n }, () => r.pick(words)).join('-');
const hosts = ['news', 'shop', 'maps', 'chat', 'api', 'cdn', 'img', 'ads', 'video', 'static'].map((h) => `${h}.${r.pick(words)}-${r.pick(words)}.test`);
const files = (dir, test, found = []) => {
  for (const f of fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const p = path.join(dir, f.name);
    if (f.isDirectory()) files(p, test, found); else if (f.isFile() && test.test(f.name) && fs.statSync(p).size < 400000) found.push(p);
  }
  return found;
};
const scripts = files(path.join(import.meta.dirname, 'node_modules', '.'), /\.(m?js|json|css|md|wasm|html)$/);
const sentence = () => Array.from({ length: 8 + r.int(12) }, () => r.pick(words)).join(' ') + '. ';
const article = () => Array.from({ length: 20 + r.int(60) }, sentence).join('');
const png = () => { const chunk = (t, d) => { const b = Buffer.concat([Buffer.from(t), d]), n = Buffer.alloc(4); n.writeUInt32BE(d.length); return Buffer.concat([n, b, r.bytes(4)]); }; return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', r.bytes(13)), chunk('IDAT', zlib.deflateSync(r.bytes(2000 + r.int(14000)))), chunk('IEND', Buffer.alloc(0))]); };
const jpeg = () => Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), r.bytes(3000 + r.int(20000)), Buffer.from('ffd9', 'hex')]);
const font = () => Buffer.concat([Buffer.from('774f4632', 'hex'), r.bytes(8000 + r.int(16000))]);
const mail = () => `${r.pick(first)}.${r.pick(last)}${r.int(100)}@${r.pick(words)}.test`;
const link = () => `https://${r.pick(hosts)}/${slug(1)}/${2020 + r.int(7)}/${slug(4)}-${r.hex(8)}.html?${r.pick(words)}=${r.text(6)}&ref=${r.pick(words)}`;
const token = () => { const c = [JSON.stringify({ alg: 'RS256', kid: r.hex(16) }), JSON.stringify({ sub: r.uuid(), email: mail(), iat: 1779000000, exp: 1779003600, scope: 'read write' })]; return c.map((x) => Buffer.from(x).toString('base64url')).join('.') + '.' + r.bytes(256).toString('base64url'); };
const tile = () => Buffer.concat([Buffer.from('1a', 'hex'), r.bytes(3000 + r.int(9000))]);

function entry(url, { method = 'GET', status = 200, mime = 'text/html', body = Buffer.alloc(0), post, cookies = [], headers = [], enc }) {
  const isText = /json|text|javascript|css|html|xml/.test(mime);
  return {
    startedDateTime: new Date(1779000000000 + r.int(86400000)).toISOString(), time: r.int(500),
    request: { method: post ? 'POST' : method, url, httpVersion: 'HTTP/2', headers: [['Host', new URL(url).host], ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0'], ['Referer', `https://${r.pick(hosts)}/${slug(3)}`], ['Accept', '*/*'], ['Cookie', `_ga=GA1.2.${r.int(1e9)}.${1779000000 + r.int(1e5)}; session=${r.bytes(24).toString('base64url')}; consent=${Buffer.from(JSON.stringify({ a: 1, t: r.int(1e9) })).toString('base64')}`], ...headers].map(([name, value]) => ({ name, value })), queryString: [...new URL(url).searchParams].map(([name, value]) => ({ name, value })), cookies, headersSize: -1, bodySize: post ? (post.text ?? '').length : 0, ...(post ? { postData: post } : {}) },
    response: { status, statusText: 'OK', httpVersion: 'HTTP/2', headers: [['Content-Type', mime], ['ETag', `"${r.hex(32)}"`], ['Set-Cookie', `sid=${r.hex(40)}; Path=/; Secure`], ['Date', 'Fri, 01 May 2026 10:00:00 GMT'], ...(enc ? [['Content-Encoding', enc]] : [])].map(([name, value]) => ({ name, value })), cookies: [], content: isText && !enc ? { size: body.length, mimeType: mime, text: body.toString('utf8') } : { size: body.length, mimeType: mime, text: body.toString('base64'), encoding: 'base64' }, redirectURL: '', headersSize: -1, bodySize: body.length },
    cache: {}, timings: { send: 0, wait: 1, receive: 1 },
  };
}
const J = (o) => Buffer.from(JSON.stringify(o));
const B = (b, mimeType) => ({ mimeType, text: b.toString('base64'), encoding: 'base64' });
const event = () => ({ ...ordinary(r), url: link(), title: sentence(), user: { id: r.uuid(), em: crypto.createHash('sha256').update(mail()).digest('hex') }, items: Array.from({ length: r.int(6) }, () => ({ sku: r.text(9), price: r.int(9999) / 100 })) });
const kinds = [
  () => entry(link(), { mime: 'text/html; charset=utf-8', body: Buffer.from(`<!doctype html><html><head><title>${sentence()}</title><script>window.__STATE__=${JSON.stringify({ user: null, articles: Array.from({ length: 12 }, event) })}</script></head><body><p>${article()}</p>${Array.from({ length: 30 }, () => `<a href="${link().replace(/&/g, '&amp;')}">${sentence()}</a>`).join('')}<img src="data:image/png;base64,${png().toString('base64')}"></body></html>`) }),
  () => { const f = r.pick(scripts); return entry(`https://${r.pick(hosts)}/assets/${r.hex(8)}.js`, { mime: 'application/javascript', body: fs.readFileSync(f) }); },
  () => entry(`https://${r.pick(hosts)}/img/${r.hex(12)}.png?w=300&h=200`, { mime: 'image/png', body: png() }),
  () => entry(`https://${r.pick(hosts)}/photo/${r.hex(12)}.jpg`, { mime: 'image/jpeg', body: jpeg() }),
  () => entry(`https://${r.pick(hosts)}/fonts/${r.pick(words)}.woff2`, { mime: 'font/woff2', body: font() }),
  () => entry(`https://${r.pick(hosts)}/tiles/${r.int(18)}/${r.int(9999)}/${r.int(9999)}.pbf`, { mime: 'application/x-protobuf', body: zlib.gzipSync(tile()), enc: 'gzip' }),
  () => entry(`https://${r.pick(hosts)}/api/v3/search?q=${slug(2).replace('-', '+')}&lat=${(r.next() * 180 - 90).toFixed(6)}&lon=${(r.next() * 360 - 180).toFixed(6)}`, { mime: 'application/json', body: J({ results: Array.from({ length: 30 }, () => ({ id: r.uuid(), name: sentence(), mail: mail(), url: link(), hash: r.hex(40), thumb: r.bytes(40).toString('base64') })) }) }),
  () => entry(`https://${r.pick(hosts)}/collect?v=2&tid=G-${r.text(10)}&cid=${r.int(1e9)}.${r.int(1e9)}&dl=${encodeURIComponent(link())}&_p=${r.int(1e9)}`, { mime: 'image/gif', status: 204 }),
  () => entry(`https://${r.pick(hosts)}/sa?project=p`, { mime: 'text/plain', post: { mimeType: 'application/x-www-form-urlencoded', text: form([['crc', String(r.int(1e9))], ['gzip', '1'], ['data_list', zlib.gzipSync(J([event(), event()])).toString('base64')]]) } }),
  () => entry(`https://${r.pick(hosts)}/batch`, { mime: 'application/json', body: J({ ok: true }), headers: [['Content-Encoding', 'gzip']], post: B(zlib.gzipSync(J({ batch: Array.from({ length: 5 }, event), writeKey: r.hex(32) })), 'application/json') }),
  () => entry(`https://${r.pick(hosts)}/rpc/Log`, { mime: 'application/grpc', body: r.bytes(60), post: B(protoFrame(), 'application/grpc') }),
  () => entry(`https://${r.pick(hosts)}/oauth/token`, { mime: 'application/json', body: J({ access_token: token(), refresh_token: r.bytes(96).toString('base64url'), expires_in: 3600 }), headers: [['Authorization', 'Bearer ' + token()]], post: { mimeType: 'application/json', text: JSON.stringify({ grant_type: 'refresh_token', refresh_token: r.bytes(96).toString('base64url') }) } }),
  () => entry(`https://${r.pick(hosts)}/encrypted`, { mime: 'application/octet-stream', body: r.bytes(400), post: B(r.bytes(300 + r.int(6000)), 'application/octet-stream') }),
  () => ({ ...entry(`https://${r.pick(hosts)}/ws/chat`, { mime: '', status: 101 }), _webSocketMessages: Array.from({ length: 20 }, (_, i) => (i % 4 ? { type: i % 2 ? 'send' : 'receive', time: 1779000000 + i, opcode: 1, data: JSON.stringify({ from: mail(), text: sentence(), id: r.uuid() }) } : { type: 'send', time: 1779000000 + i, opcode: 2, data: r.bytes(200).toString('base64') })) }),
  () => entry(`https://${r.pick(hosts)}/feed.xml`, { mime: 'text/xml', body: Buffer.from(`<?xml version="1.0"?><rss><channel>${Array.from({ length: 20 }, () => `<item><title>${sentence()}</title><link>${link().replace(/&/g, '&amp;')}</link><guid>${r.uuid()}</guid></item>`).join('')}</channel></rss>`) }),
  () => entry(`https://${r.pick(hosts)}/page`, { mime: 'text/html', body: zlib.brotliCompressSync(Buffer.from(article() + article())), enc: 'br' }),
  () => entry(`https://${r.pick(hosts)}/upload`, { mime: 'application/json', body: J({ id: r.uuid() }), post: B(Buffer.concat([Buffer.from('--xx\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'), jpeg(), Buffer.from('\r\n--xx--\r\n')]), 'multipart/form-data; boundary=xx') }),
];
let queued = [];
const protoFrame = () => queued.pop();
for (let i = 0; i < 400; i++) { const m = await containers.protobuf.f(Buffer.from(sentence() + link()), r), n = Buffer.alloc(5); n.writeUInt32BE(m.length, 1); queued.push(Buffer.concat([n, m])); }

for (const [mime, make] of [['image/jpeg', jpeg], ['image/png', png], ['font/woff2', font], ['application/vnd.mapbox-vector-tile', tile], ['text/plain', () => Buffer.from(article())], ['application/javascript', () => fs.readFileSync(r.pick(scripts))]]) { // the same contents on their way up
  kinds.push(() => entry(`https://${r.pick(hosts)}/put/${r.hex(8)}`, { mime: 'text/plain', post: B(make(), mime) }), () => entry(`https://${r.pick(hosts)}/put/${r.hex(8)}`, { mime: 'text/plain', post: { mimeType: 'application/json', text: JSON.stringify({ name: `${slug(2)}.bin`, data: `data:${mime};base64,${make().toString('base64')}`, sha: r.hex(64) }) } }));
}
const entries = [];
for (let size = 0, want = Number(mb) * 1e6; size < want;) { const e = r.pick(up ? kinds.slice(7) : kinds)(); if (up) e.response.content = { size: 0, mimeType: '' }; entries.push(e); size += JSON.stringify(e).length; }
fs.writeFileSync(`${out}/clean.har`, JSON.stringify(har(entries)));
const d = random(815); // decoys share words, hosts and shapes with the traffic, but each has its own random part
const decoys = Array.from({ length: 10000 }, (_, i) => ({
  name: `decoy${i}`,
  value: i % 2 ? `${d.pick(first)}.${d.pick(last)}.${d.hex(8)}@${d.pick(words)}.test`
    : `https://${d.pick(hosts)}/${d.pick(words)}/${2020 + d.int(7)}/${d.pick(words)}-${d.pick(words)}-${d.hex(12)}.html?${d.pick(words)}=${d.text(6)}&ref=${d.pick(words)}`,
}));
fs.writeFileSync(`${out}/decoys.json`, JSON.stringify(decoys));
// The strict set: also the hosts are of their own, so that not even "host alone" may be met.
const strict = decoys.map((x, i) => (i % 2 ? x : { ...x, value: x.value.replace(/^https:\/\/[^/]*/, `https://www.${d.text(6)}-${d.pick(words)}.test`) }));
fs.writeFileSync(`${out}/decoys-strict.json`, JSON.stringify(strict));
console.log(entries.length, 'entries');
