// The cells of the matrix, family by family. A cell is {family, what, seed, weak?, build(r, host) -> entry}; weak says
// why a person could doubt that the cell proves anything: it is reported apart and never dropped.
import crypto from 'node:crypto';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import thrift from 'thrift';
import { encode as msgpack } from '@msgpack/msgpack';
import { layers, printable } from './layers.mjs';
import { containers, ordinary } from './containers.mjs';
import { digests, sums, spellings, mailNorms, urlNorms } from './hashes.mjs';
import { ciphers, keySpellings, openssl } from './keyed.mjs';
import { seeds, mails, urls, isMail } from './seeds.mjs';
import { entry, textCarriers, binCarriers, encoded, around, form } from './har.mjs';

const T = (s) => Buffer.from(s, 'utf8');
const all = { ...layers, ...containers };
const mailNames = Object.keys(mails), urlNames = Object.keys(urls);
const carry = (r, host, b) => {
  const list = printable(b) && r.chance(0.93) ? textCarriers : binCarriers;
  return list[r.pick(Object.keys(list))](r, host, b);
};
const record = (r, key, value) => JSON.stringify(Object.fromEntries(around(r, key, value)));
const pickSeed = (r) => r.pick(r.chance(0.5) ? mailNames : urlNames);
const plainUrls = ['url1', 'url2', 'url4', 'url7', 'url8'];

function* singles(r) {
  for (const [name, l] of Object.entries(all)) {
    for (const seed of [r.pick(mailNames), r.pick(urlNames)]) {
      const fam = 'single ' + l.family, weak = l.extra && 'beyond the lists';
      if (name === 'lz4-block') continue; // a seed alone does not compress; see records
      yield { family: fam, what: `${name}`, seed, weak, build: async (r, h) => carry(r, h, await l.f(T(seeds[seed]), r)) };
      if (l.gives === 'bin') yield { family: fam, what: `${name} raw body`, seed, weak, build: async (r, h) => binCarriers['raw-body'](r, h, await l.f(T(seeds[seed]), r)) };
    }
  }
}
function* records(r) { // compressed telemetry records: raw, in base64 in a form, in hex in JSON, as Content-Encoding
  const bigger = (r, seed) => T(JSON.stringify({ batch: [ordinary(r), { ...ordinary(r), url: seeds[seed], page: 'home' }, ordinary(r)], sdk: 'x' }));
  for (const [name, l] of Object.entries(layers).filter(([, l]) => l.family === 'compression')) {
    const weak = l.extra && 'beyond the lists';
    yield { family: 'record compression', what: `json › ${name} › raw body`, seed: pickSeed(r), weak, build: async (r, h, c) => binCarriers['raw-body'](r, h, await l.f(bigger(r, c.seed), r)) };
    for (const [rad, car] of [['base64', 'form-body'], ['hex', 'json-body'], ['base64url', 'query'], ['base64', 'json-batch']]) {
      yield { family: 'record compression', what: `json › ${name} › ${rad} › ${car}`, seed: pickSeed(r), weak, build: async (r, h, c) => textCarriers[car](r, h, await layers[rad].f(await l.f(bigger(r, c.seed), r), r)) };
    }
  }
  for (const [how, name] of [['gzip', 'gzip'], ['deflate', 'zlib'], ['deflate', 'deflate'], ['br', 'brotli'], ['zstd', 'zstd'], ['x-gzip', 'gzip'], ['snappy', 'snappy'], ['lz4', 'lz4'], ['compress', 'lzw-compress'], ['gzip, br', 'both'], ['xz', 'xz']]) {
    yield { family: 'content encoding', what: `Content-Encoding ${how} (${name})`, seed: pickSeed(r), build: async (r, h, c) => encoded(r, h, name === 'both' ? zlib.brotliCompressSync(zlib.gzipSync(bigger(r, c.seed))) : await layers[name].f(bigger(r, c.seed), r), how) };
    yield { family: 'content encoding', what: `Content-Encoding ${how} (${name}) form with base64`, seed: pickSeed(r), build: async (r, h, c) => { const b = T(form(around(r, 'data', bigger(r, c.seed).toString('base64')))); return encoded(r, h, name === 'both' ? zlib.brotliCompressSync(zlib.gzipSync(b)) : await layers[name].f(b, r), how, 'application/x-www-form-urlencoded'); } };
  }
}
function* carriers(r) {
  for (const [name, f] of [...Object.entries(textCarriers), ...Object.entries(binCarriers)]) {
    for (const seed of [r.pick(mailNames), r.pick(urlNames), r.pick(urlNames)]) {
      yield { family: 'carrier', what: `plain in ${name}`, seed, build: (r, h) => f(r, h, T(seeds[seed])) };
    }
    yield { family: 'carrier', what: `base64 in ${name}`, seed: pickSeed(r), build: (r, h, c) => f(r, h, T(T(seeds[c.seed]).toString('base64'))) };
  }
  const seed = 'mail3', b64 = T(seeds.mail3).toString('base64');
  yield { family: 'carrier', what: 'base64 body without a mark', seed, build: (r, h) => entry(r, h, { post: { mimeType: 'application/octet-stream', text: T(JSON.stringify({ e: seeds[seed] })).toString('base64') } }) };
  yield { family: 'carrier', what: 'binary body as Latin-1 text', seed, build: (r, h) => entry(r, h, { post: { mimeType: 'application/x-protobuf', text: Buffer.concat([Buffer.from([10, 200, 1]), T(seeds[seed]), Buffer.from([0x10, 0xff, 1])]).toString('latin1') } }) };
  yield { family: 'carrier', what: 'gzip body as Latin-1 text', seed: 'url2', build: (r, h) => entry(r, h, { post: { mimeType: 'application/json', text: zlib.gzipSync(T(record(r, 'u', seeds.url2))).toString('latin1') } }) };
  yield { family: 'carrier', what: 'DNS labels hex', seed, build: (r) => null, host: (h) => `${T(seeds[seed]).toString('hex').match(/.{1,60}/g).join('.')}.${h}`, plainHost: true };
  yield { family: 'carrier', what: 'DNS labels base32', seed, host: (h) => `${layers['base32-lower'].f(T(seeds[seed])).toString().match(/.{1,50}/g).join('.')}.${h}`, plainHost: true };
  yield { family: 'carrier', what: 'host is the page', seed: 'url1', host: (h) => `www.k7q2news.example.${h}`, plainHost: true };
  yield { family: 'carrier', what: 'name of a parameter', seed, build: (r, h) => entry(r, h, { query: [[seeds[seed], '1'], ['v', '2']] }) };
  yield { family: 'carrier', what: 'name of a cookie in base64', seed, build: (r, h) => entry(r, h, { cookies: [[b64.replace(/=/g, ''), '1']] }) };
  yield { family: 'carrier', what: 'basic user in Authorization', seed, build: (r, h) => entry(r, h, { headers: [['Authorization', 'Basic ' + T(seeds[seed] + ':x').toString('base64')]] }) };
  yield { family: 'carrier', what: 'user in URL', seed, build: (r, h) => { const e = entry(r, h, {}); e.request.url = e.request.url.replace('https://', `https://${encodeURIComponent(seeds[seed])}:pw@`); return e; } };
  yield { family: 'carrier', what: 'filename in multipart', seed, build: (r, h) => entry(r, h, { post: { mimeType: 'multipart/form-data; boundary=xYz', text: `--xYz\r\nContent-Disposition: form-data; name="f"; filename*=UTF-8''${encodeURIComponent(seeds[seed])}\r\n\r\nhi\r\n--xYz--\r\n` } }) };
  for (const w of ['url1', 'mail2']) { // WebSocket in other shapes
    yield { family: 'carrier', what: 'ws permessage-deflate message', seed: w, build: (r, h) => entry(r, h, { ws: [{ type: 'send', time: 1779000001, opcode: 2, data: layers['deflate-message'].f(T(record(r, 'u', seeds[w]))).toString('base64') }] }) };
    yield { family: 'carrier', what: 'ws socket.io text', seed: w, build: (r, h) => entry(r, h, { ws: [{ type: 'send', time: 1779000001, opcode: 1, data: `42/track,["ev",${record(r, 'u', seeds[w])}]` }] }) };
    yield { family: 'carrier', what: 'ws msgpack', seed: w, build: (r, h) => binCarriers['ws-binary'](r, h, Buffer.from(msgpack({ t: 2, d: { u: seeds[w] } }))) };
    yield { family: 'carrier', what: 'ws gzip json', seed: w, build: (r, h) => binCarriers['ws-binary'](r, h, zlib.gzipSync(T(record(r, 'u', seeds[w])))) };
  }
}

const pool = (test) => Object.entries(all).filter(([n, l]) => !l.extra && test(n, l)).map(([n]) => n);
const radixPool = ['base64', 'base64', 'base64', 'base64url', 'base64-unpadded', 'hex', 'hex-upper', 'base32', 'base64-mime', 'base58', 'ascii85'];
const squeezePool = ['gzip', 'gzip', 'gzip', 'zlib', 'deflate', 'brotli', 'zstd', 'lz4', 'snappy', 'snappy-framed', 'xz', 'bzip2'];
const textBox = pool((n, l) => l.family === 'container' && l.needs === 'text' && l.gives === 'text');
const binBox = pool((n, l) => l.family === 'container' && l.gives === 'bin' && l.needs === 'any');
const escapes = ['percent', 'percent', 'json-string', 'json-u', 'html-hex', 'percent-twice', 'json-slash', 'quoted-printable'];
/** chain runs names over a seed; null when a step cannot take what it gets or the value grows too much. */
async function chain(names, value, r) {
  let b = T(value);
  for (const n of names) {
    if (all[n].needs === 'text' && !printable(b)) return null;
    b = await all[n].f(b, r);
    if (b.length > 24000) return null;
  }
  return b;
}
function sensible(r, depth) { // as SDKs compose: record, squeeze, spell, wrap again
  const out = [];
  let bin = false;
  while (out.length < depth) {
    if (bin) {
      if (r.chance(0.75)) { out.push(r.pick(radixPool)); bin = false; } else { const n = r.pick([...binBox, ...squeezePool]); out.push(n); bin = all[n].gives === 'bin'; }
      continue;
    }
    const what = r.next();
    if (what < 0.4) out.push(r.pick(textBox));
    else if (what < 0.6) { out.push(r.pick(squeezePool)); bin = true; }
    else if (what < 0.72) { const n = r.pick(binBox); out.push(n); bin = true; }
    else if (what < 0.86) out.push(r.pick(radixPool));
    else out.push(r.pick(escapes));
  }
  return out;
}
function absurd(r, depth) {
  const any = pool(() => true), out = [];
  let toys = 0;
  while (out.length < depth) {
    const n = r.pick(any);
    if (all[n].family === 'toy' && toys++ > 0) continue;
    out.push(n);
  }
  return out;
}
async function chains(r, family, make, count) {
  const out = [];
  while (out.length < count) {
    const depth = 2 + r.int(7), names = make(r, depth), seed = pickSeed(r), key = r.int(2 ** 31);
    const { random } = await import('./random.mjs');
    const b = await chain(names, seeds[seed], random(key)).catch(() => null);
    if (!b || b.length > 24000) continue;
    const toy = names.findIndex((n) => all[n].family === 'toy');
    out.push({ family: `${family} depth ${depth}`, what: names.join(' › '), seed, weak: toy > 0 && names.slice(0, toy).some((n) => all[n].family !== 'container' && all[n].family !== 'text') ? 'a toy cipher over an encoding' : undefined, build: (r, h) => carry(r, h, b) });
  }
  return out;
}

const digestOf = async (alg, x) => (digests[alg] ?? sums[alg])(Buffer.isBuffer(x) ? x : T(x));
const inField = (r, h, s) => textCarriers[r.pick(['query', 'form-body', 'json-body', 'json-batch', 'cookie', 'header'])](r, h, T(s));
const hostOnly = ['host', 'host-no-www', 'etld1', 'origin', 'origin-slash'];
const unusual = ['padded', 'mailto', 'trailing-slash', 'http-instead'];
function* hashes(r) {
  const H = (family, what, seed, build, weak) => ({ family, what, seed, build, weak });
  for (const alg of Object.keys(digests)) {
    for (const seed of [r.pick(mailNames), r.pick(urlNames)]) {
      yield H('hash', `${alg} hex`, seed, async (r, h) => inField(r, h, spellings.hex(await digestOf(alg, seeds[seed]))));
      yield H('hash', `${alg} base64 of a lower-case value`, seed, async (r, h) => inField(r, h, spellings.base64(await digestOf(alg, seeds[seed].toLowerCase()))));
    }
    yield H('hash', `${alg} raw in protobuf`, r.pick(mailNames), async (r, h, c) => binCarriers['raw-body'](r, h, await containers.protobuf.f(await digestOf(alg, seeds[c.seed]), r)));
    yield H('hash', `${alg} raw in msgpack`, r.pick(urlNames), async (r, h, c) => binCarriers['raw-body'](r, h, await containers['msgpack-bin'].f(await digestOf(alg, seeds[c.seed]), r)));
  }
  for (const sp of Object.keys(spellings)) for (const alg of ['md5', 'sha1', 'sha256', 'murmur3-128-x64']) yield H('hash spelling', `${alg} ${sp}`, pickSeed(r), async (r, h, c) => inField(r, h, spellings[sp](await digestOf(alg, seeds[c.seed]), alg)));
  for (const [norms, names] of [[mailNorms, ['mail2', 'mail3', 'mail6']], [urlNorms, ['url1', 'url3', 'url6', 'url8']]]) {
    for (const [norm, f] of Object.entries(norms)) for (const alg of ['md5', 'sha1', 'sha256']) {
      const seed = r.pick(names), v = f(seeds[seed]);
      yield H('hash of a normal form', `${alg}(${norm})`, seed, async (r, h) => inField(r, h, spellings.hex(await digestOf(alg, v))), v.length < 12 ? 'a short part' : unusual.includes(norm) && 'an unusual form');
    }
  }
  for (const [a, b] of [['md5', 'md5'], ['sha256', 'sha256'], ['sha1', 'sha1'], ['md5', 'sha1'], ['sha1', 'md5'], ['sha256', 'md5'], ['md5', 'sha256'], ['sha512', 'sha256'], ['sha1', 'sha256'], ['sha256', 'sha1'], ['sha3-256', 'md5']]) {
    yield H('hash of hash', `${b}(hex ${a})`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex(await digestOf(b, spellings.hex(await digestOf(a, seeds[c.seed]))))));
    yield H('hash of hash', `${b}(raw ${a})`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex(await digestOf(b, await digestOf(a, seeds[c.seed])))));
    yield H('hash of hash', `${b}(HEX ${a} of lower)`, r.pick(mailNames), async (r, h, c) => inField(r, h, spellings.base64(await digestOf(b, spellings.HEX(await digestOf(a, seeds[c.seed].toLowerCase()))))));
    yield H('hash of hash', `${b}(base64 ${a})`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex(await digestOf(b, spellings.base64(await digestOf(a, seeds[c.seed]))))));
  }
  for (const alg of ['md5', 'sha1', 'sha256', 'sha512']) {
    const S = (what, make, salt) => H('hash with salt in the record', `${alg} ${what}`, pickSeed(r), async (r, h, c) => { const s = salt(r); return r.pick([textCarriers['text-body'], textCarriers['beacon-untyped']])(r, h, T(JSON.stringify({ ...ordinary(r), salt: s, uid_hash: spellings.hex(await make(s, seeds[c.seed])) }))); });
    yield S('salt + value', (s, v) => digestOf(alg, s + v), (r) => r.hex(16));
    yield S('value + salt', (s, v) => digestOf(alg, v + s), (r) => r.text(12));
    yield S('salt:value', (s, v) => digestOf(alg, `${s}:${v}`), (r) => r.text(10));
    yield S('value|salt', (s, v) => digestOf(alg, `${v}|${s}`), (r) => r.uuid());
    yield S('salt + value + salt', (s, v) => digestOf(alg, s + v + s), (r) => r.hex(8));
    yield S('raw salt of hex + value', (s, v) => digestOf(alg, Buffer.concat([Buffer.from(s, 'hex'), T(v)])), (r) => r.hex(32));
    yield S('salt + lower value', (s, v) => digestOf(alg, s + v.toLowerCase()), (r) => r.hex(16));
    yield S('hash(salt + hex hash(value))', async (s, v) => digestOf(alg, s + spellings.hex(await digestOf(alg, v))), (r) => r.hex(16));
    const M = (what, key, asBytes) => H('HMAC with key in the record', `${alg} ${what}`, pickSeed(r), async (r, h, c) => { const k = key(r); return inField(r, h, JSON.stringify({ ...ordinary(r), key: k, mac: spellings[r.pick(['hex', 'base64'])](crypto.createHmac(alg, asBytes(k)).update(seeds[c.seed]).digest()) })); });
    yield M('text key', (r) => r.text(20), (k) => k);
    yield M('hex key as bytes', (r) => r.hex(32), (k) => Buffer.from(k, 'hex'));
    yield M('hex key as text', (r) => r.hex(32), (k) => k);
    yield M('base64 key as bytes', (r) => r.bytes(24).toString('base64'), (k) => Buffer.from(k, 'base64'));
    yield H('HMAC with key in the record', `${alg} key in a header, digest in the query`, pickSeed(r), (r, h, c) => { const k = r.text(24); return entry(r, h, { headers: [['X-Api-Key', k]], query: around(r, 'hem', crypto.createHmac(alg, k).update(seeds[c.seed]).digest('hex')) }); });
    yield H('hash with salt in the record', `${alg} salt and digest in the query`, pickSeed(r), async (r, h, c) => { const k = r.hex(16); return entry(r, h, { query: [...around(r, 'salt', k), ['hem', spellings.hex(await digestOf(alg, k + seeds[c.seed]))]] }); });
    yield H('truncated hash', `${alg} first 16 bytes in hex`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex((await digestOf(alg, seeds[c.seed])).subarray(0, 16))));
    yield H('truncated hash', `${alg} first 8 bytes in hex`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex((await digestOf(alg, seeds[c.seed])).subarray(0, 8))));
    yield H('truncated hash', `${alg} middle 8 bytes in hex`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.hex((await digestOf(alg, seeds[c.seed])).subarray(4, 12))), alg !== 'md5' && 'an unusual cut');
    yield H('truncated hash', `${alg} first 12 bytes in base64url`, pickSeed(r), async (r, h, c) => inField(r, h, spellings.base64url((await digestOf(alg, seeds[c.seed])).subarray(0, 12))));
    yield H('truncated hash', `${alg} first 16 bytes raw in cbor`, pickSeed(r), async (r, h, c) => binCarriers['raw-body'](r, h, await containers['cbor-bytes'].f((await digestOf(alg, seeds[c.seed])).subarray(0, 16), r)));
  }
  yield H('hash', 'sha256 with the salt of LeakDetector', 'mail1', async (r, h) => inField(r, h, spellings.hex(await digestOf('sha256', seeds.mail1 + 'QX4QkKEU'))));
  for (const alg of Object.keys(sums)) {
    yield H('sum of 32 bits', `${alg} hex, named`, r.pick(mailNames), async (r, h, c) => textCarriers['text-body'](r, h, T(JSON.stringify({ ...ordinary(r), [`email_${alg.split('-')[0]}`]: spellings.hex(await digestOf(alg, seeds[c.seed])) }))), '32 bits prove nothing alone');
    yield H('sum of 32 bits', `${alg} decimal, named`, r.pick(urlNames), async (r, h, c) => entry(r, h, { query: around(r, `url_${alg.split('-')[0]}`, spellings.decimal(await digestOf(alg, seeds[c.seed]))) }), '32 bits prove nothing alone');
  }
  for (let i = 0; i < 60; i++) { // digests inside chains
    const alg = r.pick(['md5', 'sha1', 'sha256', 'sha256', 'sha512', 'sha3-256', 'blake3', 'ripemd160', 'xxh64', 'md4', 'whirlpool', 'sm3']), seed = pickSeed(r), sp = r.pick(['hex', 'HEX', 'base64', 'base64url', 'raw']);
    const b = async (r) => { const d = await digestOf(alg, isMail(seed) && r.chance(0.5) ? seeds[seed].toLowerCase().trim() : seeds[seed]); return sp === 'raw' ? d : T(spellings[sp](d)); };
    const names = sp === 'raw' ? [r.pick(binBox), r.pick(squeezePool), r.pick(radixPool)] : [r.pick(textBox), r.pick(squeezePool), r.pick(radixPool), ...(r.chance(0.5) ? [r.pick(textBox)] : [])];
    yield H('hash in a chain', `${alg} ${sp} › ${names.join(' › ')}`, seed, async (r, h) => { let x = await b(r); for (const n of names) x = await all[n].f(x, r); return carry(r, h, x); });
  }
}

function* keyed(r) {
  const K = (what, seed, build, weak) => ({ family: 'key in the record', what, seed, build, weak });
  for (const [name, kn, ivn, f] of ciphers) {
    for (const how of ['hex', 'base64', 'text']) {
      const seed = pickSeed(r), inner = r.pick(['plain', 'json', 'json gzip']);
      yield K(`${name}, key in ${how}, over ${inner}`, seed, (r, h) => {
        const key = how === 'text' || name === 'rc4-word' ? T(r.text(kn)) : r.bytes(kn), iv = how === 'text' ? T(r.text(ivn)) : r.bytes(ivn);
        let b = T(inner === 'plain' ? seeds[seed] : record(r, 'u', seeds[seed]));
        if (inner === 'json gzip') b = zlib.gzipSync(b);
        const sp = keySpellings[how === 'text' ? 'text' : how];
        const fields = { ...ordinary(r), key: sp(key), ...(ivn ? { iv: sp(iv) } : {}), data: f(b, key, iv).toString(how === 'hex' ? 'hex' : 'base64') };
        return r.chance(0.5) ? entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify(fields) } }) : entry(r, h, { query: Object.entries(fields).map(([k, v]) => [k, String(v)]) });
      });
    }
    if (ivn) {
      yield K(`${name}, iv before the ciphertext, raw body, key in a header`, pickSeed(r), (r, h, c) => { const k = r.bytes(kn), iv = r.bytes(ivn); return entry(r, h, { headers: [['X-Key', k.toString('base64')]], post: { mimeType: 'application/octet-stream', encoding: 'base64', text: Buffer.concat([iv, f(T(record(r, 'u', seeds[c.seed])), k, iv)]).toString('base64') } }); });
      yield K(`${name}, iv before the ciphertext, base64 in a form with the key`, pickSeed(r), (r, h, c) => { const k = r.bytes(kn), iv = r.bytes(ivn); return entry(r, h, { post: { mimeType: 'application/x-www-form-urlencoded', text: form([['k', k.toString('hex')], ['v', '2'], ['d', Buffer.concat([iv, f(T(record(r, 'u', seeds[c.seed])), k, iv)]).toString('base64')]]) } }); });
    }
    if (name.endsWith('cbc')) {
      yield K(`${name}, iv of zeros`, pickSeed(r), (r, h, c) => { const k = r.bytes(kn); return entry(r, h, { query: [['k', k.toString('hex')], ['d', f(T(seeds[c.seed]), k, Buffer.alloc(16)).toString('base64url')]] }); });
      yield K(`${name}, iv is the key`, pickSeed(r), (r, h, c) => { const k = T(r.text(kn)); return entry(r, h, { query: [['k', k.toString()], ['d', f(T(seeds[c.seed]), k, k.subarray(0, 16)).toString('hex')]] }); });
    }
    if (name === 'aes-256-gcm' || name === 'aes-128-gcm') yield K(`${name}, tag apart`, pickSeed(r), (r, h, c) => { const k = r.bytes(kn), iv = r.bytes(12), x = f(T(seeds[c.seed]), k, iv); return entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ key: k.toString('base64'), nonce: iv.toString('base64'), ct: x.subarray(0, -16).toString('base64'), tag: x.subarray(-16).toString('base64') }) } }); });
    if (name === 'aes-256-cbc') {
      yield K(`${name}, key = md5 hex of a word in the record`, pickSeed(r), (r, h, c) => { const w = r.text(9), k = T(crypto.createHash('md5').update(w).digest('hex')), iv = r.bytes(16); return entry(r, h, { query: [['w', w], ['iv', iv.toString('hex')], ['d', f(T(seeds[c.seed]), k, iv).toString('base64')]] }); }, 'the key is derived');
      yield K(`${name}, key = sha256 of a word in the record`, pickSeed(r), (r, h, c) => { const w = r.text(12), k = crypto.createHash('sha256').update(w).digest(), iv = r.bytes(16); return entry(r, h, { query: [['secret', w], ['iv', iv.toString('hex')], ['d', f(T(seeds[c.seed]), k, iv).toString('base64')]] }); }, 'the key is derived');
      yield K('OpenSSL Salted__ with the password in the record', pickSeed(r), (r, h, c) => { const w = r.text(10); return entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ pass: w, data: openssl(T(seeds[c.seed]), w, r.bytes(8)).toString('base64') }) } }); }, 'the key is derived');
    }
  }
  for (const n of [1, 2, 3, 4, 6, 8, 11, 16]) for (const where of ['raw', 'base64', 'hex']) {
    yield { family: 'XOR without the key', what: `record, key of ${n} bytes, ${where}`, seed: pickSeed(r), build: (r, h, c) => {
      const k = r.bytes(n), b = Buffer.from(T(record(r, 'url', seeds[c.seed])).map((x, i) => x ^ k[i % n]));
      return where === 'raw' ? binCarriers['raw-body'](r, h, b) : inField(r, h, b.toString(where));
    }, weak: n > 4 && 'a long unknown key' };
  }
}

function* splits(r) {
  const S = (what, seed, build, weak) => ({ family: 'split', what, seed, build, weak });
  const cut = (s, n) => { const size = Math.ceil(s.length / n); return Array.from({ length: n }, (_, i) => s.slice(i * size, (i + 1) * size)).filter(Boolean); };
  const mix = (r, parts) => { const out = [['v', '2'], ...parts]; out.push(['ts', '1779000000']); return out; };
  const seedOf = () => pickSeed(r);
  for (const n of [2, 3, 4, 5]) for (const seed of [r.pick(mailNames), r.pick(urlNames)]) {
    const parts = (c) => cut(seeds[c.seed], n);
    yield S(`${n} numbered parameters in the query`, seed, (r, h, c) => entry(r, h, { query: mix(r, parts(c).map((p, i) => [`p${i + 1}`, p])) }));
    yield S(`${n} lettered fields in a form`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/x-www-form-urlencoded', text: form(mix(r, parts(c).map((p, i) => ['u_' + 'abcdef'[i], p]))) } }));
    yield S(`${n} path segments`, seed, (r, h, c) => entry(r, h, { path: '/t/' + parts(c).map(encodeURIComponent).join('/') }));
    yield S(`list of ${n} in JSON`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ ...ordinary(r), u: parts(c) }) } }));
    yield S(`${n} fields in JSON`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ v: 1, ...Object.fromEntries(parts(c).map((p, i) => [`chunk${i}`, p])), n: 3 }) } }));
    yield S(`${n} objects with an index`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ id: r.uuid(), chunks: parts(c).map((p, i) => ({ seq: i, of: n, data: p })) }) } }));
    yield S(`base64 over ${n} parameters`, seed, (r, h, c) => entry(r, h, { query: mix(r, cut(T(seeds[c.seed]).toString('base64'), n).map((p, i) => [`d${i}`, p])) }));
    yield S(`hex over a list of ${n}`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ d: cut(T(seeds[c.seed]).toString('hex'), n) }) } }));
    yield S(`each of ${n} parts in base64`, seed, (r, h, c) => entry(r, h, { query: mix(r, parts(c).map((p, i) => [`d${i}`, T(p).toString('base64')])) }));
    yield S(`gzip in base64 over ${n} fields`, seed, (r, h, c) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify(Object.fromEntries(cut(zlib.gzipSync(T(record(r, 'u', seeds[c.seed]))).toString('base64'), n).map((p, i) => [`part_${i}`, p]))) } }));
    yield S(`${n} cookies`, seed, (r, h, c) => entry(r, h, { cookies: parts(c).map((p, i) => [`u.${i}`, encodeURIComponent(p)]) }));
    yield S(`${n} WebSocket messages`, seed, (r, h, c) => entry(r, h, { ws: parts(c).map((p, i) => ({ type: 'send', time: 1779000000 + i, opcode: 1, data: p })) }), n > 3 && 'one message hardly says anything');
    yield S(`${n} parts in reverse order with numbers`, seed, (r, h, c) => entry(r, h, { query: mix(r, parts(c).map((p, i) => [`p${i + 1}`, p]).reverse()) }));
  }
  for (const seed of mailNames.slice(0, 4)) {
    const [local, domain] = seeds[seed].split('@');
    yield S('local and domain apart in a query', seed, (r, h) => entry(r, h, { query: [['v', '1'], ['user', local], ['host', domain]] }));
    yield S('local and domain apart in JSON', seed, (r, h) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ d: domain, ...ordinary(r), l: local }) } }));
    yield S('local at host written out', seed, (r, h) => entry(r, h, { query: [['m', `${local} at ${domain.replace(/\./g, ' dot ')}`]] }));
  }
  for (const seed of plainUrls) {
    const u = new URL(seeds[seed]);
    yield S('scheme, host, path and query apart in JSON', seed, (r, h) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ ...ordinary(r), scheme: u.protocol.slice(0, -1), host: u.host, path: u.pathname, query: u.search.slice(1) }) } }));
    yield S('host, path apart in a query', seed, (r, h) => entry(r, h, { query: around(r, 'dh', u.host).concat([['dp', u.pathname + u.search]]) }));
    yield S('host reversed by labels, path', seed, (r, h) => entry(r, h, { query: [['h', u.hostname.split('.').reverse().join('.')], ['p', u.pathname]] }));
    yield S('base64 of host and path apart', seed, (r, h) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ h: T(u.host).toString('base64'), p: T(u.pathname + u.search).toString('base64') }) } }));
    yield S('path segments as a list', seed, (r, h) => entry(r, h, { post: { mimeType: 'application/json', text: JSON.stringify({ host: u.hostname, segments: u.pathname.split('/').slice(1), q: Object.fromEntries(u.searchParams) }) } }));
    yield S('sha256 of host and of path apart', seed, (r, h) => entry(r, h, { query: [['hh', crypto.createHash('sha256').update(u.hostname).digest('hex')], ['ph', crypto.createHash('sha256').update(u.pathname).digest('hex')]] }));
  }
  for (const seed of [...mailNames, ...urlNames]) for (const part of [0.75, 0.6, 0.5]) {
    const s = seeds[seed], n = Math.max(12, Math.floor(s.length * part));
    yield { family: 'truncated', what: `first ${n} of ${s.length} characters`, seed, build: (r, h) => inField(r, h, s.slice(0, n)), weak: n < 16 && 'under 16 characters' };
    yield { family: 'truncated', what: `base64 of the first ${n} of ${s.length} characters`, seed, build: (r, h) => inField(r, h, T(s.slice(0, n)).toString('base64')), weak: n < 16 && 'under 16 characters' };
    yield { family: 'truncated', what: `last ${n} of ${s.length} characters`, seed, build: (r, h) => inField(r, h, s.slice(-n)), weak: n < 16 ? 'under 16 characters' : 'cut at the front' };
  }
}

function* forms(r) {
  const F = (what, seed, v, weak) => ({ family: 'normal form', what, seed, build: (r, h) => inField(r, h, v), weak });
  for (const seed of mailNames) for (const [norm, f] of Object.entries(mailNorms)) if (!['utf16le', 'percent', 'base64'].includes(norm)) yield F(norm, seed, f(seeds[seed]));
  for (const seed of urlNames) for (const [norm, f] of Object.entries(urlNorms)) if (!['utf16le', 'percent', 'base64'].includes(norm)) { const v = f(seeds[seed]); yield F(norm, seed, v, (v.length < 14 || hostOnly.includes(norm)) && 'a part of few random characters'); }
  for (const nf of ['NFC', 'NFD', 'NFKC', 'NFKD']) yield F(nf, 'url6', seeds.url6.normalize(nf));
  yield F('query words in another order', 'url4', 'k2f8w symptoms diabetes'); yield F('query words with spaces', 'url4', 'diabetes symptoms k2f8w');
  yield F('words in JSON list', 'url4', '["symptoms","k2f8w","diabetes"]'); yield F('query words with %20', 'url4', 'diabetes%20symptoms%20k2f8w');
  yield F('parameters in another order', 'url2', 'https://shop.w8x3vq.example/p/12345?ref=9d1e33aa72&size=xl&color=red'); yield F('with utm', 'url2', seeds.url2 + '&utm_source=a&gclid=b');
  yield F('default port', 'url1', seeds.url1.replace('.example/', '.example:443/')); yield F('host in capitals', 'url1', seeds.url1.replace('www.k7q2news.example', 'WWW.K7Q2NEWS.EXAMPLE'));
  yield F('path decoded', 'url5', decodeURIComponent(seeds.url5)); yield F('lower percent', 'url5', seeds.url5.replace('%E6%90%9C', '%e6%90%9c')); yield F('android-app', 'url8', seeds.url8.replace('https://', 'android-app://x/https/'));
  yield F('display name', 'mail2', `"Maria Lindqvist" <${seeds.mail2}>`); yield F('domain in capitals', 'mail2', seeds.mail2.replace('mail.example', 'MAIL.EXAMPLE')); yield F('fullwidth', 'mail1', seeds.mail1.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)));
  yield F('googlemail style dots', 'mail1', 'k7f3.q9w2.m4x8@post.example'); yield F('other tag', 'mail1', 'k7f3q9w2m4x8+shop@post.example');
}

function* formats(r) { // what known SDKs send
  const N = (what, build, seed = pickSeed(r)) => ({ family: 'named format', what, seed, build });
  const j = JSON.stringify, b64 = (s) => T(s).toString('base64'), gz = (s) => zlib.gzipSync(T(s)), sa = (r, v) => ({ distinct_id: r.hex(16), lib: { $lib: 'Android', $lib_version: '4.2.1' }, event: '$AppViewScreen', type: 'track', time: 1779000000000, properties: { $url: v, $os: 'Android', $model: 'Redmi Note 9', $is_first_day: false } });
  const post = (r, h, path, mimeType, text, headers = []) => entry(r, h, { path, headers, post: { mimeType, text } });
  const raw = (r, h, path, mimeType, b, headers = []) => entry(r, h, { path, headers, post: { mimeType, text: b.toString('base64'), encoding: 'base64' } });
  const FORM = 'application/x-www-form-urlencoded', J = 'application/json';
  const two = (what, build) => [N(what, build, r.pick(mailNames)), N(what, build, r.pick(urlNames))];
  const rows = [
    ['Sensors data_list gzip', (r, h, v) => post(r, h, '/sa?project=p', FORM, form([['crc', '265788825'], ['gzip', '1'], ['data_list', gz(j([sa(r, v), sa(r, 'x')])).toString('base64')]]))],
    ['Sensors data plain', (r, h, v) => post(r, h, '/sa', FORM, form([['data', b64(j(sa(r, v)))], ['ext', 'crc=-12345']]))],
    ['Sensors sa.gif', (r, h, v) => entry(r, h, { path: '/sa.gif', query: [['project', 'p'], ['data', b64(j(sa(r, v)))], ['ext', 'crc=1234']] })],
    ['Sensors text/plain', (r, h, v) => post(r, h, '/sa?project=wx', 'text/plain', `data_list=${encodeURIComponent(gz(j([sa(r, v)])).toString('base64'))}&gzip=1`)],
    ['GA4 dl', (r, h, v) => entry(r, h, { path: '/g/collect', query: [['v', '2'], ['tid', 'G-ABC'], ['cid', '1.2'], ['dl', v], ['en', 'page_view'], ['ep.x', 'y']] })],
    ['GA4 body lines', (r, h, v) => post(r, h, '/g/collect?v=2&tid=G-AB&cid=3.4', 'text/plain;charset=UTF-8', `en=page_view&ep.a=1\r\nen=scroll&ep.link_url=${encodeURIComponent(v)}&_et=12`)],
    ['Meta activities', (r, h, v) => post(r, h, '/v19.0/1234/activities', FORM, form([['format', 'json'], ['advertiser_id', r.uuid()], ['custom_events', j([{ _eventName: 'fb_mobile_activate_app', u: v }])], ['extinfo', '["a2","pkg"]']]))],
    ['Meta pixel udff hashed', async (r, h, v) => entry(r, h, { path: '/tr/', query: [['id', '1234567890'], ['ev', 'PageView'], ['udff[em]', spellings.hex(await digestOf('sha256', v.toLowerCase()))]] })],
    ['Segment batch', (r, h, v) => raw(r, h, '/v1/batch', J, gz(j({ batch: [{ type: 'page', anonymousId: r.uuid(), context: { page: { url: v } } }], sentAt: '2026-05-01T00:00:00Z' })), [['Content-Encoding', 'gzip']])],
    ['Mixpanel data', (r, h, v) => post(r, h, '/track/?verbose=1', FORM, form([['data', b64(j([{ event: 'x', properties: { token: r.hex(32), $current_url: v } }]))]]))],
    ['Amplitude e', (r, h, v) => post(r, h, '/', FORM, form([['client', r.hex(32)], ['e', j([{ event_type: 'v', event_properties: { u: v } }])], ['v', '2']]))],
    ['Amplitude 2/httpapi', (r, h, v) => post(r, h, '/2/httpapi', J, j({ api_key: r.hex(32), events: [{ device_id: r.uuid(), event_properties: { u: v } }] }))],
    ['Snowplow ue_px', (r, h, v) => entry(r, h, { path: '/i', query: [['e', 'ue'], ['p', 'web'], ['ue_px', T(j({ schema: 'iglu:x', data: { schema: 'y', data: { u: v } } })).toString('base64url')], ['duid', r.uuid()]] })],
    ['Snowplow tp2', (r, h, v) => post(r, h, '/com.snowplowanalytics.snowplow/tp2', J, j({ schema: 'iglu:payload_data', data: [{ e: 'pv', url: 'x', cx: b64(j({ data: [{ data: { id: v } }] })) }] }))],
    ['Matomo GET', (r, h, v) => entry(r, h, { path: '/matomo.php', query: [['idsite', '1'], ['rec', '1'], ['_id', r.hex(16)], ['url', v], ['res', '1920x1080']] })],
    ['Matomo bulk', (r, h, v) => post(r, h, '/matomo.php', J, j({ requests: ['?idsite=1&url=x', `?idsite=1&rec=1&url=${encodeURIComponent(v)}&_id=${r.hex(16)}`] }))],
    ['Sentry envelope', (r, h, v) => post(r, h, '/api/5/envelope/', 'text/plain', [j({ event_id: r.hex(32) }), j({ type: 'event' }), j({ request: { url: v }, user: { ip_address: '{{auto}}' } })].join('\n'))],
    ['Sentry envelope br', (r, h, v) => raw(r, h, '/api/5/envelope/', 'application/x-sentry-envelope', zlib.brotliCompressSync(T([j({ event_id: r.hex(32) }), j({ type: 'event' }), j({ user: { email: v } })].join('\n'))), [['Content-Encoding', 'br']])],
    ['Clarity', (r, h, v) => raw(r, h, '/collect', J, gz(j({ e: ['0.7', 1, 0, 10, 'abc', 'u', 's', 1, 0, 1, 0, v], a: [[1, 2, 'x']], p: [] })), [['Content-Encoding', 'gzip']])],
    ['Firebase protobuf', async (r, h, v) => raw(r, h, '/a', 'application/x-protobuf', zlib.gzipSync(await containers['protobuf-nested'].f(T(v), r)), [['Content-Encoding', 'gzip']])],
    ['Umeng envelope', (r, h, v) => { const t = new thrift.TBufferedTransport(null, (x) => { t.out = x; }), p = new thrift.TCompactProtocol(t), { STRING, I32 } = thrift.Thrift.Type, z = zlib.deflateSync(T(j({ header: { os: 'a' }, body: { u: v } }))), s = (id, x) => { p.writeFieldBegin('f', STRING, id); p.writeString(x); p.writeFieldEnd(); }, n = (id, x) => { p.writeFieldBegin('n', I32, id); p.writeI32(x); p.writeFieldEnd(); };
      p.writeStructBegin('U'); s(1, '1.0'); s(2, r.hex(24)); s(3, r.hex(32)); n(4, 1); n(5, 1779000000); n(6, z.length); s(7, z); s(8, r.hex(32)); s(9, r.hex(32)); n(10, 0); p.writeFieldStop(); p.writeStructEnd(); t.flush(); return raw(r, h, '/unify_logs', 'ut/ut', t.out); }],
    ['Baidu gzip', (r, h, v) => raw(r, h, '/app.gif', 'gzip', gz(j({ he: { o: 'Android' }, pr: [{ s: 1, p: [{ n: v }] }] })))],
    ['Baidu web', (r, h, v) => entry(r, h, { path: '/hm.gif', query: [['cc', '1'], ['si', r.hex(32)], ['su', v], ['lt', '1779000000']] })],
    ['Branch', (r, h, v) => post(r, h, '/v1/open', J, j({ hardware_id: r.hex(16), android_app_link_url: v, os: 'Android' }))],
    ['Adjust', (r, h, v) => post(r, h, '/event', FORM, form([['gps_adid', r.uuid()], ['partner_params', j({ u: v })], ['environment', 'production']]), [['Authorization', 'Signature secret_id="1",signature="ab"']])],
    ['AppsFlyer S2S', (r, h, v) => post(r, h, '/inappevent/com.x', J, j({ appsflyer_id: '1-2', eventValue: j({ af_content: v }), eventName: 'af_view' }))],
    ['Bugsnag', (r, h, v) => post(r, h, '/', J, j({ apiKey: r.hex(32), events: [{ breadcrumbs: [{ name: 'n', metaData: { url: v } }], user: { id: r.uuid() } }] }))],
    ['Crashlytics GDT', (r, h, v) => post(r, h, '/v1/firelog/legacy/batchlog', J, j({ logRequest: [{ logSource: 'FIREPERF', logEvent: [{ eventTimeMs: '1', sourceExtension: b64('\n\u0005hello' + '\u0012' + String.fromCharCode(Buffer.byteLength(v)) + v) }] }] }))],
    ['OneSignal like', (r, h, v) => post(r, h, '/players', J, j({ app_id: r.uuid(), identifier: r.hex(64), tags: { mail: v } }))],
    ['Adobe b/ss', (r, h, v) => entry(r, h, { path: '/b/ss/suite/1/JS-2.22/s1234', query: [['AQB', '1'], ['ndh', '1'], ['pageName', 'home'], ['g', v], ['c.', ''], ['.c', ''], ['AQE', '1']] })],
    ['Piano list', (r, h, v) => post(r, h, '/event?s=1', 'text/plain', j({ events: [{ name: 'page.display', data: j({ page_url: v }) }] }))],
    ['HTTP OTLP protobuf', async (r, h, v) => raw(r, h, '/v1/traces', 'application/x-protobuf', await containers['protobuf-nested'].f(T(v), r))],
    ['Google logging jspb', (r, h, v) => post(r, h, '/log?format=json', FORM, j([[1, null, [['en', null, 'US']]], 1828, [['1779000000', null, null, j([1, null, [v]])]]]))],
    ['batchexecute f.req', (r, h, v) => post(r, h, '/_/x/data/batchexecute', FORM, form([['f.req', j([[['rpc', j([null, [v, 1]]), null, 'generic']]])], ['at', r.text(20)]]))],
    ['OAuth state', (r, h, v) => entry(r, h, { path: '/authorize', query: [['response_type', 'code'], ['state', T(j({ r: v, n: r.hex(8) })).toString('base64url')], ['client_id', r.hex(20)]] })],
    ['LiveRamp envelope like', (r, h, v) => entry(r, h, { query: [['it', '4'], ['iv', crypto.createHash('sha1').update(v.trim().toLowerCase()).digest('hex')]] })],
    ['Criteo md5', (r, h, v) => entry(r, h, { path: '/event', query: [['p0', `e=setEmail&em=${crypto.createHash('md5').update(v.toLowerCase()).digest('hex')}&hm=1`]] })],
  ];
  for (const [what, f] of rows) for (const c of two(what, null)) yield { ...c, build: (r, h) => f(r, h, seeds[c.seed]) };
}

/** cells gives all cells, in order, numbered. */
export async function cells(r) {
  const out = [...carriers(r), ...singles(r), ...records(r), ...formats(r), ...forms(r), ...hashes(r), ...keyed(r), ...splits(r), ...await chains(r, 'chain', sensible, 300), ...await chains(r, 'absurd chain', absurd, 250)];
  for (const c of out) if (c.family.startsWith('hash') && /crc64|(md5|sha1|sha256) (signed-)?decimal/.test(c.what)) c.weak = 'beyond the lists';
  return out.map((c, i) => ({ ...c, name: 'c' + String(i + 1).padStart(4, '0') }));
}
