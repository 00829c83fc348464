// Containers: the value in one field among ordinary ones. Text containers take text; binary ones take any bytes.
import zlib from 'node:zlib';
import { encode as msgpack } from '@msgpack/msgpack';
import cbor from 'cbor';
import * as bson from 'bson';
import protobuf from 'protobufjs';
import thrift from 'thrift';
import avro from 'avsc';
import * as plist from 'plist';
import bplist from 'bplist-creator';
import php from 'php-serialize';
import asn1 from 'asn1.js';
import JSZip from 'jszip';
import tar from 'tar-stream';
import hpack from 'hpack.js';
import iconv from 'iconv-lite';

const T = (s) => Buffer.from(s, 'utf8');
const str = (b) => b.toString('utf8');
/** ordinary makes the fields that surround a value in telemetry. */
export function ordinary(r) {
  return {
    v: `${1 + r.int(9)}.${r.int(20)}.${r.int(10)}`, sid: r.uuid(), ts: 1779000000000 + r.int(1e9), os: r.pick(['android', 'ios', 'windows', 'macos']), lang: r.pick(['en-US', 'de-DE', 'zh-CN']),
    screen: r.pick(['1080x2340', '1920x1080', '2560x1440']), event: r.pick(['page_view', 'screen', 'app_open', 'click', 'heartbeat']), model: r.pick(['Pixel 8', 'SM-S911B', 'Redmi Note 9', 'iPhone15,2']), n: r.int(1000), ok: r.chance(0.5),
  };
}
const names = ['u', 'url', 'em', 'data', 'd', 'payload', 'value', 'p', 'email', 'ref', 'dl', 'content', 'x', 'info', 'uid'];
const pairs = (o) => Object.entries(o).map(([k, v]) => [k, String(v)]);
const around = (r, key, value) => { const p = pairs(ordinary(r)).slice(0, 3 + r.int(5)); p.splice(r.int(p.length + 1), 0, [key, value]); return p; };
const fill = (r, key, value) => Object.fromEntries((() => { const p = Object.entries(ordinary(r)).slice(0, 3 + r.int(6)); p.splice(r.int(p.length + 1), 0, [key, value]); return p; })());
const esc = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const proto = protobuf.parse(`syntax="proto3"; message Inner { string name=1; bytes value=4; repeated int32 codes=5; double w=6; }
  message Event { string id=1; uint64 time=2; Inner inner=3; repeated Inner more=4; string s=7; fixed32 f=8; sint64 z=9; bytes b=15; }
  message Batch { repeated Event events=1; string sdk=2; uint32 n=300; }`).root;
const pb = (name, o) => Buffer.from(proto.lookupType(name).encode(proto.lookupType(name).fromObject(o)).finish());
const event = (r, b) => ({ id: r.uuid(), time: 1779000000000 + r.int(1e6), f: r.int(1e6), z: -r.int(1e6), b });
const varint = (n) => { const out = []; while (n > 127) { out.push((n & 127) | 128); n >>>= 7; } out.push(n); return Buffer.from(out); };
const thriftWith = (Protocol) => (b, r) => {
  const transport = new thrift.TBufferedTransport(null, (x) => { transport.sent = Buffer.concat([transport.sent ?? Buffer.alloc(0), x]); });
  const p = new Protocol(transport), { STRING, I64, STRUCT, I32, LIST } = thrift.Thrift.Type;
  p.writeStructBegin('E');
  p.writeFieldBegin('v', STRING, 1); p.writeString('3.1.0'); p.writeFieldEnd();
  p.writeFieldBegin('t', I64, 2); p.writeI64(1779000000 + r.int(1e6)); p.writeFieldEnd();
  p.writeFieldBegin('in', STRUCT, 3); p.writeStructBegin('I'); p.writeFieldBegin('b', STRING, 7); p.writeBinary ? p.writeBinary(b) : p.writeString(b); p.writeFieldEnd(); p.writeFieldStop(); p.writeStructEnd(); p.writeFieldEnd();
  p.writeFieldBegin('l', LIST, 9); p.writeListBegin(I32, 2); p.writeI32(7); p.writeI32(r.int(9999)); p.writeListEnd(); p.writeFieldEnd();
  p.writeFieldStop(); p.writeStructEnd(); p.flush ? p.flush() : transport.flush();
  transport.flush();
  return transport.sent;
};
const avroType = avro.Type.forSchema({ type: 'record', name: 'E', fields: [{ name: 'id', type: 'string' }, { name: 'n', type: 'long' }, { name: 'payload', type: ['null', 'bytes'] }, { name: 'tags', type: { type: 'array', items: 'string' } }] });
const avroFile = (codec) => (b, r) => new Promise((ok, no) => {
  const enc = new avro.streams.BlockEncoder(avroType, { codec, syncMarker: r.bytes(16) }), out = [];
  enc.on('data', (x) => out.push(x)).on('end', () => ok(Buffer.concat(out))).on('error', no);
  enc.end({ id: r.uuid(), n: r.int(1e6), payload: b, tags: ['a', 'b'] });
});
const Der = asn1.define('E', function () { this.seq().obj(this.key('v').int(), this.key('oid').objid(), this.key('s').octstr(), this.key('u').utf8str()); });
const tlv = (tag, b) => Buffer.concat([Buffer.from([tag]), b.length < 128 ? Buffer.from([b.length]) : Buffer.from([0x82, b.length >> 8, b.length & 255]), b]);
const jce = (b, r) => { // Tencent JCE (Tars): head byte tag<<4|type; 6 = STRING1, 7 = STRING4, 0..3 integers
  const s = b.length < 256 ? Buffer.concat([Buffer.from([0x26, b.length]), b]) : Buffer.concat([Buffer.from([0x27]), u32(b.length), b]);
  return Buffer.concat([Buffer.from([0x00, r.int(100), 0x16, 3]), T('1.0'), s, Buffer.from([0x32]), u32(r.int(1e6))]);
};
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const grpc = (flag, b) => Buffer.concat([Buffer.from([flag]), u32(b.length), b]);
const zip = (method) => async (b, r) => {
  const z = new JSZip(), date = { date: new Date('2026-05-01T00:00:00Z'), createFolders: false };
  z.file('meta.json', JSON.stringify(ordinary(r)), date); z.file('events/1.bin', b, date);
  return z.generateAsync({ type: 'nodebuffer', compression: method });
};
const tarball = (b, r) => new Promise((ok, no) => {
  const p = tar.pack(), out = [], mtime = new Date(1779000000000);
  p.on('data', (x) => out.push(x)).on('end', () => ok(Buffer.concat(out))).on('error', no);
  p.entry({ name: 'meta.json', mtime }, JSON.stringify(ordinary(r))); p.entry({ name: 'log/e.bin', mtime }, b); p.finalize();
});
const jwt = (r, claims, head = { alg: 'HS256', typ: 'JWT' }) => [JSON.stringify(head), JSON.stringify(claims)].map((x) => T(x).toString('base64url')).join('.') + '.' + r.bytes(32).toString('base64url');
const boundary = (r) => '----WebKitFormBoundary' + r.text(16);
const harOf = (b, r, more = {}) => JSON.stringify({ log: { version: '1.2', creator: { name: 'sdk', version: '1' }, entries: [{ startedDateTime: '2026-05-01T10:00:00.000Z', time: 3, request: { method: 'POST', url: `https://inner-${r.text(5)}.example/c`, httpVersion: 'HTTP/1.1', headers: [], queryString: [], cookies: [], headersSize: -1, bodySize: -1, postData: { mimeType: 'text/plain', ...more, text: more.encoding ? b.toString('base64') : str(b) } }, response: { status: 204, statusText: '', httpVersion: 'HTTP/1.1', headers: [], cookies: [], content: { size: 0, mimeType: '' }, redirectURL: '', headersSize: -1, bodySize: 0 }, cache: {}, timings: { send: 0, wait: 3, receive: 0 } }] } });
const wsFrame = (b, r, rsv = 0) => {
  const mask = r.bytes(4), len = b.length < 126 ? Buffer.from([b.length | 128]) : Buffer.from([254, b.length >> 8, b.length & 255]);
  return Buffer.concat([Buffer.from([0x82 | rsv]), len, mask, Buffer.from(b.map((c, i) => c ^ mask[i & 3]))]);
};
const chunked = (b, r) => {
  const out = [];
  for (let i = 0; i < b.length;) { const n = Math.min(b.length - i, 5 + r.int(30)); out.push(T(n.toString(16) + '\r\n'), b.subarray(i, i + n), T('\r\n')); i += n; }
  return Buffer.concat([...out, T('0\r\n\r\n')]);
};

const row = (needs, gives, f, extra) => ({ family: 'container', needs, gives, f: (b, r) => f(b, r, r.pick(names)), ...extra });
const text = (f, extra) => row('text', 'text', async (b, r, k) => T(await f(str(b), r, k, b)), extra);
const bin = (f, extra) => row('any', 'bin', f, extra);

export const containers = {
  form: text((s, r, k) => new URLSearchParams(around(r, k, s)).toString()),
  query: text((s, r, k) => '?' + around(r, k, s).map(([a, b]) => `${a}=${encodeURIComponent(b)}`).join('&')),
  'form-semicolon': text((s, r, k) => around(r, k, s).map(([a, b]) => `${a}=${encodeURIComponent(b)}`).join(';')),
  'form-brackets': text((s, r, k) => around(r, `user[${k}][0]`, s).map(([a, b]) => `${encodeURIComponent(a)}=${encodeURIComponent(b)}`).join('&')),
  'cookie-string': text((s, r, k) => around(r, k, s).map(([a, b]) => `${a}=${encodeURIComponent(b)}`).join('; ')),
  json: text((s, r, k) => JSON.stringify(fill(r, k, s))),
  'json-deep': text((s, r, k) => JSON.stringify({ ...ordinary(r), batch: [{ a: 1 }, { ctx: { page: { [k]: s }, n: [1, 2, [3]] } }] })),
  'json-pretty': text((s, r, k) => JSON.stringify(fill(r, k, s), null, 2)),
  'json-key': text((s, r) => JSON.stringify({ ...ordinary(r), seen: { [s]: 3 } })),
  'json-in-json': text((s, r, k) => JSON.stringify({ ...ordinary(r), msg: JSON.stringify(fill(r, k, s)) })),
  'json-in-json-in-json': text((s, r, k) => JSON.stringify({ a: JSON.stringify({ b: JSON.stringify(fill(r, k, s)) }) })),
  'json-ascii': text((s, r, k) => JSON.stringify(fill(r, k, s)).replace(/[\u0080-\uffff/]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))),
  jsonl: text((s, r, k) => [ordinary(r), fill(r, k, s), ordinary(r)].map((x) => JSON.stringify(x)).join('\n') + '\n'),
  jsonp: text((s, r, k) => `cb_${r.text(6)}(${JSON.stringify(fill(r, k, s))});`),
  'json-xssi': text((s, r, k) => `)]}'\n${JSON.stringify(fill(r, k, s))}`),
  'json5-js': text((s, r, k) => `{v:1, ${k}:'${s.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n').replace(/\r/g, '\\r')}', ok:true}`),
  xml: text((s, r, k) => `<?xml version="1.0" encoding="UTF-8"?>\n<e><v>2</v><${k}>${esc(s)}</${k}><n>${r.int(99)}</n></e>`),
  'xml-attribute': text((s, r, k) => `<e v="2"><i ${k}="${esc(s).replace(/\n/g, '&#10;').replace(/\r/g, '&#13;')}" n="${r.int(99)}"/></e>`),
  'xml-cdata': text((s, r, k) => `<e><${k}><![CDATA[${s.replace(/]]>/g, ']]]]><![CDATA[>')}]]></${k}></e>`),
  soap: text((s, r, k) => `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Log xmlns="urn:t"><${k}>${esc(s)}</${k}></Log></soap:Body></soap:Envelope>`),
  'html-page': text((s, r, k) => `<!doctype html><html><body><input type="hidden" name="${k}" value="${esc(s)}"><script>var a=${r.int(9)};</script></body></html>`),
  plist: text((s, r, k) => plist.build({ ...ordinary(r), ...{ [k]: s } })),
  'plist-data': row('any', 'text', (b, r, k) => T(plist.build({ v: '1', [k]: b }))),
  php: text((s, r, k) => php.serialize(fill(r, k, s))),
  properties: text((s, r, k) => `#Thu May 01 10:00:00 UTC 2026\nsdk.version=1.2\n${k}=${units(s)}\nsdk.lang=de\n`),
  yaml: text((s, r, k) => `version: 2\nevents:\n  - name: open\n    ${k}: ${JSON.stringify(s)}\n`, { extra: true }),
  csv: text((s, r) => `id,ts,value\n${r.int(999)},${r.int(1e9)},"${s.replace(/"/g, '""')}"\n`, { extra: true }),
  ini: text((s, r, k) => `[device]\nos=android\n[user]\n${k}=${s}\n`, { extra: true }),
  logline: text((s, r, k) => `2026-05-01T10:00:00.000Z INFO [main] ${k}=${JSON.stringify(s)} took=${r.int(99)}ms`, { extra: true }),
  graphql: text((s, r, k) => JSON.stringify({ operationName: 'Log', query: `mutation Log { log(${k}: ${JSON.stringify(s)}) { ok } }`, variables: {} })),
  multipart: text((s, r, k) => { const b = boundary(r); return around(r, k, s).map(([a, v]) => `--${b}\r\nContent-Disposition: form-data; name="${a}"\r\n\r\n${v}\r\n`).join('') + `--${b}--\r\n`; }),
  'multipart-base64': row('any', 'text', (b, r, k) => { const x = boundary(r); return T(`--${x}\r\nContent-Disposition: form-data; name="${k}"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${b.toString('base64')}\r\n--${x}--\r\n`); }),
  'multipart-file': bin((b, r, k) => { const x = boundary(r); return Buffer.concat([T(`--${x}\r\nContent-Disposition: form-data; name="v"\r\n\r\n3\r\n--${x}\r\nContent-Disposition: form-data; name="${k}"; filename="log.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`), b, T(`\r\n--${x}--\r\n`)]); }),
  'data-url': row('any', 'text', (b) => T('data:application/octet-stream;base64,' + b.toString('base64'))),
  'data-url-text': text((s) => 'data:text/plain;charset=utf-8,' + encodeURIComponent(s)),
  jwt: text((s, r, k) => jwt(r, { iss: 'sdk', iat: 1779000000, [k]: s })),
  'jwt-header': text((s, r, k) => jwt(r, { iss: 'sdk' }, { alg: 'RS256', kid: r.hex(8), [k]: s })),
  jws: text((s, r, k) => JSON.stringify({ payload: T(JSON.stringify(fill(r, k, s))).toString('base64url'), signatures: [{ protected: T('{"alg":"ES256"}').toString('base64url'), signature: r.bytes(64).toString('base64url') }] })),
  'har-in-body': text((s, r, k, b) => harOf(b, r)),
  'har-in-body-base64': row('any', 'text', (b, r) => T(harOf(b, r, { encoding: 'base64' }))),
  'path-segments': text((s, r) => `/v2/${r.hex(8)}/${encodeURIComponent(s)}/${r.int(99)}.gif`),
  'matrix-params': text((s, r, k) => `/ad;sz=300x250;${k}=${encodeURIComponent(s)};ord=${r.int(1e9)}?`),
  'url-in-url': text((s, r, k) => `https://r-${r.text(6)}.example/click?${new URLSearchParams(around(r, k, s))}`),
  'url-in-url-thrice': text((s, r, k) => [1, 2, 3].reduce((u) => `https://r-${r.text(6)}.example/go?${k}=${encodeURIComponent(u)}&n=${r.int(9)}`, s)),
  fragment: text((s, r, k) => `https://app-${r.text(6)}.example/#/home?${k}=${encodeURIComponent(s)}`),
  'delimited-pipe': text((s, r) => `1.0|${r.hex(8)}|${s}|${r.int(99)}|de`),
  'delimited-tilde': text((s, r) => `a~${r.int(99)}*b~${s}*c~x`),
  'delimited-tab': text((s, r) => `${r.hex(8)}\t${s}\t${r.int(99)}`),
  'ga-dots': text((s, r) => `GA1.2.${r.int(1e9)}.1779000000.${s}`),
  'basic-auth': text((s, r) => 'Basic ' + T(`${s}:${r.text(10)}`).toString('base64')),

  msgpack: bin((b, r, k) => Buffer.from(msgpack(fill(r, k, printable(b) ? str(b) : new Uint8Array(b))))),
  'msgpack-bin': bin((b, r, k) => Buffer.from(msgpack([1, { [k]: new Uint8Array(b) }, 'x']))),
  cbor: bin((b, r, k) => cbor.encode(fill(r, k, printable(b) ? str(b) : b))),
  'cbor-bytes': bin((b, r, k) => cbor.encode({ a: [1, -2, 3.5], [k]: b })),
  'cbor-indefinite': bin((b) => Buffer.concat([Buffer.from([0xbf, 0x61, 0x6b, 0x5f]), ...b.toString('hex').match(/.{1,40}/g).map((h) => cbor.encode(Buffer.from(h, 'hex'))), Buffer.from([0xff, 0xff])])),
  bson: bin((b, r, k) => Buffer.from(bson.serialize(fill(r, k, printable(b) ? str(b) : new bson.Binary(b))))),
  'bson-binary': bin((b, r, k) => Buffer.from(bson.serialize({ doc: { [k]: new bson.Binary(b) }, n: bson.Long.fromNumber(5) }))),
  protobuf: bin((b, r) => pb('Event', { ...event(r, b), s: 'home' })),
  'protobuf-nested': bin((b, r) => pb('Batch', { events: [event(r, T('x')), { ...event(r, T('y')), inner: { name: 'n', value: b, codes: [1, 300, 7] }, more: [{ name: 'q' }] }], sdk: 'sdk/2.1', n: 7 })),
  'protobuf-delimited': bin((b, r) => { const m = pb('Event', event(r, b)); return Buffer.concat([varint(m.length), m]); }),
  'protobuf-group': bin((b, r) => Buffer.concat([pb('Event', { id: r.uuid() }), Buffer.from([0x53, 0x0a]), varint(b.length), b, Buffer.from([0x54])])),
  'protobuf-codes': row('any', 'bin', (b, r) => pb('Event', { id: r.uuid(), time: 5, inner: { name: 'n', codes: [...b] } })),
  grpc: bin((b, r) => grpc(0, pb('Event', event(r, b)))),
  'grpc-gzip': bin((b, r) => grpc(1, zlib.gzipSync(pb('Event', event(r, b))))),
  'grpc-two': bin((b, r) => Buffer.concat([grpc(0, pb('Event', event(r, T('z')))), grpc(0, pb('Event', event(r, b)))])),
  'grpc-web': bin((b, r) => Buffer.concat([grpc(0, pb('Event', event(r, b))), grpc(0x80, T('grpc-status:0\r\n'))])),
  'grpc-web-text': row('any', 'text', (b, r) => T(grpc(0, pb('Event', event(r, b))).toString('base64') + grpc(0x80, T('grpc-status:0\r\n')).toString('base64'))),
  'thrift-compact': bin(thriftWith(thrift.TCompactProtocol)),
  'thrift-binary': bin(thriftWith(thrift.TBinaryProtocol)),
  jce: bin(jce),
  avro: bin(avroFile('null')),
  'avro-deflate': bin(avroFile('deflate')),
  der: bin((b, r) => Der.encode({ v: r.int(9), oid: [1, 2, 840, 113549], s: b, u: 'x' }, 'der')),
  'der-nested': bin((b) => tlv(0x30, Buffer.concat([tlv(2, Buffer.from([5])), tlv(0xa0, tlv(0x30, tlv(4, b)))]))),
  bplist: bin((b, r, k) => bplist({ v: '1.0', n: r.int(999), [k]: printable(b) ? str(b) : b })),
  'bplist-data': bin((b, r, k) => bplist([{ [k]: b }, 'z'])),
  zip: bin(zip('DEFLATE')),
  'zip-stored': bin(zip('STORE')),
  tar: bin(tarball),
  'har-in-zip': bin(async (b, r) => { const z = new JSZip(), date = { date: new Date('2026-05-01T00:00:00Z'), createFolders: false }; z.file('traffic.har', harOf(b, r, { encoding: 'base64' }), date); return z.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' }); }),
  saz: bin(async (b, r) => { const z = new JSZip(), date = { date: new Date('2026-05-01T00:00:00Z'), createFolders: false }; z.file('raw/01_c.txt', Buffer.concat([T(`POST https://inner-${r.text(4)}.example/c HTTP/1.1\r\nHost: inner.example\r\nContent-Length: ${b.length}\r\n\r\n`), b]), date); z.file('raw/01_s.txt', 'HTTP/1.1 204 No Content\r\n\r\n', date); return z.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' }); }),
  'http-in-body': bin((b, r) => Buffer.concat([T(`POST /v1/b HTTP/1.1\r\nHost: inner-${r.text(4)}.example\r\nContent-Type: application/octet-stream\r\nContent-Length: ${b.length}\r\n\r\n`), b])),
  'http-in-body-gzip': bin((b, r) => { const g = zlib.gzipSync(b); return Buffer.concat([T(`POST /v1/b HTTP/1.1\r\nHost: inner-${r.text(4)}.example\r\nContent-Encoding: gzip\r\nContent-Length: ${g.length}\r\n\r\n`), g]); }),
  chunked: bin(chunked),
  'websocket-frame': bin((b, r) => wsFrame(b, r)),
  'websocket-deflate-frame': bin((b, r) => wsFrame(zlib.deflateRawSync(b, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4), r, 0x40)),
  mqtt: bin((b) => { const body = Buffer.concat([Buffer.from([0, 9]), T('t/events0'), b]); return Buffer.concat([Buffer.from([0x30]), varint(body.length), body]); }),
  'length-prefixed': bin((b, r) => Buffer.concat([u32(0x10203), u32(b.length), b, u32(r.int(1e6))])),
  'hpack-huffman': row('text', 'bin', (b, r) => { const c = hpack.compressor.create({ table: { size: 256 } }); c.write([{ name: ':method', value: 'GET', huffman: true }, { name: 'x-t', value: str(b), huffman: true }, { name: 'x-n', value: String(r.int(99)), huffman: true }]); return c.read(); }),
  'gbk-text': row('text', 'bin', (b, r, k) => iconv.encode(`{"标题":"新闻","${k}":"${str(b).replace(/["\\]/g, '\\$&')}","城市":"北京"}`, 'gbk')),
  'sjis-text': row('text', 'bin', (b, r, k) => iconv.encode(`題名=ニュース&${k}=${encodeURIComponent(str(b))}&都市=東京`, 'shift_jis')),
  'latin1-text': row('text', 'bin', (b, r, k) => iconv.encode(`{"stadt":"München","${k}":${JSON.stringify(str(b))},"straße":"Übergröße"}`, 'latin1')),
};
function units(s) { return s.replace(/[\\:=#!\u0080-\uffff\n\r]/g, (c) => (c === '\n' ? '\\n' : c === '\r' ? '\\r' : c > '\u007f' ? '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0') : '\\' + c)); }
function printable(b) { return Buffer.compare(Buffer.from(str(b), 'utf8'), b) === 0 && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(str(b)); }
