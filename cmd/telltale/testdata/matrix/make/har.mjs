// HAR 1.2 entries of one cell each: the host names the cell, everything else is ordinary traffic.
import { ordinary } from './containers.mjs';

const agents = [
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0', 'okhttp/4.12.0', 'Dalvik/2.1.0 (Linux; U; Android 13; SM-S911B Build/TP1A.220624.014)',
];
const pct = (s) => encodeURIComponent(s).replace(/%20/g, '+');
const form = (list) => list.map(([k, v]) => `${pct(k)}=${pct(v)}`).join('&');
const around = (r, key, value) => {
  const p = Object.entries(ordinary(r)).map(([k, v]) => [k, String(v)]).slice(0, 2 + r.int(6));
  p.splice(r.int(p.length + 1), 0, [key, value]);
  return p;
};
const keys = ['u', 'url', 'em', 'data', 'd', 'payload', 'e', 'p', 'uid', 'ref', 'dl', 'cx', 'x', 'info', 'value'];
const safeHeader = (s) => (/^[\x20-\x7e]*$/.test(s) ? s : encodeURIComponent(s));
const safeCookie = (s) => (/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(s) ? s : encodeURIComponent(s));
const text = (b) => b.toString('utf8');

/** entry makes one HAR entry; more may hold method, path, query, headers, cookies, post, ws. */
export function entry(r, host, more) {
  const { method = 'GET', path = r.pick(['/collect', '/v1/e', '/api/log', '/b/ss', '/sdk/report', '/t.gif']), query, search, hash = '', headers = [], cookies = [], post, ws } = more;
  const tail = search ?? (query ? '?' + form(query) : '');
  const all = [['Host', host], ['User-Agent', r.pick(agents)], ['Accept', '*/*'], ['Accept-Language', 'en-US,en;q=0.9'], ['Accept-Encoding', 'gzip, deflate, br'],
    ...(post ? [['Content-Type', post.mimeType]] : []), ...(cookies.length ? [['Cookie', cookies.map(([k, v]) => `${k}=${v}`).join('; ')]] : []), ...headers];
  const e = {
    startedDateTime: new Date(1779000000000 + r.int(86400000)).toISOString(), time: 20 + r.int(200),
    request: {
      method: ws ? 'GET' : post ? 'POST' : method, url: `${ws ? 'wss' : 'https'}://${host}${path}${tail}${hash}`, httpVersion: 'HTTP/2',
      headers: all.map(([name, value]) => ({ name, value })), queryString: (query ?? []).map(([name, value]) => ({ name, value })),
      cookies: cookies.map(([name, value]) => ({ name, value })), headersSize: -1, bodySize: post?.text ? post.text.length : 0,
    },
    response: { status: ws ? 101 : r.pick([200, 200, 204]), statusText: '', httpVersion: 'HTTP/2', headers: [{ name: 'Content-Type', value: 'image/gif' }], cookies: [], content: { size: 0, mimeType: 'image/gif' }, redirectURL: '', headersSize: -1, bodySize: 0 },
    cache: {}, timings: { send: 0, wait: 20, receive: 1 },
  };
  if (post) e.request.postData = post;
  if (ws) e._webSocketMessages = ws;
  return e;
}
const mp = (r, host, part) => {
  const b = '----WebKitFormBoundary' + r.text(16);
  const body = Buffer.concat([...around(r, 'zz', '1').map(([k, v]) => Buffer.from(`--${b}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`)), Buffer.from(`--${b}\r\n`), part, Buffer.from(`\r\n--${b}--\r\n`)]);
  return [b, body];
};
const bodyOf = (b, mimeType) => ({ mimeType, text: b.toString('base64'), encoding: 'base64' });
const when = (r) => 1779000000 + r.int(1e6);

/** textCarriers take printable text. */
export const textCarriers = {
  query: (r, h, b) => entry(r, h, { query: around(r, r.pick(keys), text(b)) }),
  'query-bare': (r, h, b) => entry(r, h, { search: '?' + encodeURIComponent(text(b)) }),
  'form-body': (r, h, b) => entry(r, h, { post: { mimeType: 'application/x-www-form-urlencoded', text: form(around(r, r.pick(keys), text(b))) } }),
  'form-params': (r, h, b) => { const p = around(r, r.pick(keys), text(b)); return entry(r, h, { post: { mimeType: 'application/x-www-form-urlencoded', text: form(p), params: p.map(([name, value]) => ({ name, value })) } }); },
  'params-only': (r, h, b) => entry(r, h, { post: { mimeType: 'application/x-www-form-urlencoded', params: around(r, r.pick(keys), text(b)).map(([name, value]) => ({ name, value })) } }),
  'json-body': (r, h, b) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify(Object.fromEntries(around(r, r.pick(keys), text(b)))) } }),
  'json-batch': (r, h, b) => entry(r, h, { post: { mimeType: 'application/json; charset=utf-8', text: JSON.stringify({ batch: [{ type: 'track', context: ordinary(r) }, { type: 'page', properties: { [r.pick(keys)]: text(b), n: r.int(9) } }], sentAt: '2026-05-01T10:00:00Z' }) } }),
  'multipart-field': (r, h, b) => { const [x, body] = mp(r, h, Buffer.concat([Buffer.from('Content-Disposition: form-data; name="payload"\r\n\r\n'), b])); return entry(r, h, { post: { mimeType: `multipart/form-data; boundary=${x}`, text: text(body) } }); },
  'text-body': (r, h, b) => entry(r, h, { post: { mimeType: 'text/plain;charset=UTF-8', text: text(b) } }),
  'beacon-untyped': (r, h, b) => entry(r, h, { post: { mimeType: '', text: text(b) } }),
  cookie: (r, h, b) => entry(r, h, { cookies: [['_ga', `GA1.2.${r.int(1e9)}.1779000000`], ['_uid', safeCookie(text(b))], ['theme', 'dark']] }),
  header: (r, h, b) => entry(r, h, { headers: [['X-Request-Id', r.uuid()], [r.pick(['X-Client-Data', 'X-Device-Info', 'X-Track', 'X-User']), safeHeader(text(b))]] }),
  'referer-fragment': (r, h, b) => entry(r, h, { headers: [['Referer', `https://app-${r.text(5)}.example/#/home?next=${encodeURIComponent(text(b))}`]] }),
  'referer-query': (r, h, b) => entry(r, h, { headers: [['Referer', `https://app-${r.text(5)}.example/a?${form(around(r, 'next', text(b)))}`]] }),
  bearer: (r, h, b) => entry(r, h, { headers: [['Authorization', 'Bearer ' + safeHeader(text(b))]] }),
  'user-agent': (r, h, b) => entry(r, h, { headers: [['X-App-UA', `App/1.2 (Android 14; ${safeHeader(text(b))}) sdk/3`]] }),
  path: (r, h, b) => entry(r, h, { path: `/v2/${r.hex(6)}/${encodeURIComponent(text(b))}/pixel.gif` }),
  'path-last': (r, h, b) => entry(r, h, { path: `/i/${encodeURIComponent(text(b))}` }),
  'url-fragment': (r, h, b) => entry(r, h, { path: '/cb', hash: '#state=' + encodeURIComponent(text(b)) }),
  'ws-text': (r, h, b) => entry(r, h, { ws: [{ type: 'receive', time: when(r), opcode: 1, data: '{"hello":1}' }, { type: 'send', time: when(r), opcode: 1, data: JSON.stringify({ op: 'ev', d: text(b) }) }] }),
  'body-in-base64': (r, h, b) => entry(r, h, { post: bodyOf(Buffer.from(JSON.stringify({ a: r.int(9), d: text(b) })), 'application/octet-stream') }),
};
/** binCarriers take any bytes. */
export const binCarriers = {
  'raw-body': (r, h, b) => entry(r, h, { post: bodyOf(b, r.pick(['application/octet-stream', 'application/x-protobuf', 'application/x-thrift', ''])) }),
  'multipart-upload': (r, h, b) => { const [x, body] = mp(r, h, Buffer.concat([Buffer.from('Content-Disposition: form-data; name="file"; filename="ev.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'), b])); return entry(r, h, { post: bodyOf(body, `multipart/form-data; boundary=${x}`) }); },
  'ws-binary': (r, h, b) => entry(r, h, { ws: [{ type: 'send', time: when(r), opcode: 2, data: b.toString('base64') }, { type: 'receive', time: when(r), opcode: 2, data: Buffer.from([0, 1, 2]).toString('base64') }] }),
};
/** encoded is a body with a Content-Encoding. */
export const encoded = (r, h, b, how, mimeType = 'application/json') => entry(r, h, { headers: [['Content-Encoding', how]], post: bodyOf(b, mimeType) });
export const har = (entries) => ({ log: { version: '1.2', creator: { name: 'matrix', version: '1' }, entries } });
export { around, form };
