// Every layer is a function from bytes to bytes. `needs` says what it can carry: 'text' (valid, printable UTF-8) or
// 'any'; `gives` says what comes out. Each uses a public package or the platform, never the decoder under test.
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import LZString from 'lz-string';
import snappy from 'snappyjs';
import lz4 from 'lz4js';
import baseX from 'base-x';
import base91 from 'node-base91';
import ascii85 from 'ascii85';
import iconv from 'iconv-lite';
import utf7 from 'utf7';
import qp from 'quoted-printable';
import he from 'he';
import lzma from 'lzma';

const utf8 = (s) => Buffer.from(s, 'utf8');
const onText = (f) => (b, r) => utf8(f(b.toString('utf8'), r, b));
const tool = (cmd, ...args) => (b) => {
  const p = spawnSync(cmd, args, { input: b, maxBuffer: 1 << 26 });
  if (p.status !== 0) throw new Error(`${cmd}: ${p.stderr}`);
  return p.stdout;
};

const pct = (b, keep, upper = true) =>
  [...b].map((c) => (keep(c) ? String.fromCharCode(c)
    : '%' + c.toString(16).padStart(2, '0')[upper ? 'toUpperCase' : 'toString']())).join('');
const unreserved = (c) => /[A-Za-z0-9\-_.~]/.test(String.fromCharCode(c)) && c < 128;
const rot = (n) => (s) => s.replace(/[a-zA-Z]/g, (c) => {
  const base = c < 'a' ? 65 : 97;
  return String.fromCharCode((c.charCodeAt(0) - base + n) % 26 + base);
});
const rot47 = (s) => s.replace(/[!-~]/g, (c) => String.fromCharCode((c.charCodeAt(0) - 33 + 47) % 94 + 33));
const units = (s, f) => Array.from({ length: s.length }, (_, i) => f(s.charCodeAt(i), s[i])).join('');
const bigint = (b) => BigInt('0x01' + b.toString('hex')); // a leading 1 keeps leading zero bytes
const inBase = (digits) => (b) => {
  let n = b.length ? BigInt('0x' + b.toString('hex')) : 0n, out = '';
  for (const base = BigInt(digits.length); n > 0n; n /= base) out = digits[Number(n % base)] + out;
  return utf8(out);
};
const b32 = (alphabet, pad) => (b) => {
  let bits = '', out = '';
  for (const c of b) bits += c.toString(2).padStart(8, '0');
  for (let i = 0; i < bits.length; i += 5) out += alphabet[parseInt(bits.slice(i, i + 5).padEnd(5, '0'), 2)];
  while (pad && out.length % 8) out += '=';
  return utf8(out);
};
const RFC32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', HEX32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const b85 = (alphabet) => (b) => { // RFC 1924 alphabet or Z85; b85 of Python pads like this
  const pad = (4 - b.length % 4) % 4, full = Buffer.concat([b, Buffer.alloc(pad)]);
  let out = '';
  for (let i = 0; i < full.length; i += 4) {
    let n = full.readUInt32BE(i), five = '';
    for (let k = 0; k < 5; k++) { five = alphabet[n % 85] + five; n = Math.floor(n / 85); }
    out += five;
  }
  return utf8(pad ? out.slice(0, -pad) : out);
};
const B85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const STD64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
// Alphabets that are published: LeakDetector's substitution, and base64 with other orders of its letters.
const MAP_IN = 'kibp8A4EWRMKHa7gvyz1dOPt6UI5xYD3nqhVwZBXfCcFeJmrLN20lS9QGsjTuo';
const MAP_OUT = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const swap = (from, to) => (s) => s.replace(/./gs, (c) => (from.includes(c) ? to[from.indexOf(c)] : c));
const b64 = (b) => b.toString('base64');
const wrap = (s, n, end) => s.replace(new RegExp(`(.{${n}})(?=.)`, 'g'), `$1${end}`);
const crc32c = (b) => {
  let c = 0xffffffff;
  for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1; }
  c = (c ^ 0xffffffff) >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
};
const snappyFramed = (b) => {
  const data = Buffer.from(snappy.compress(b)), body = Buffer.alloc(4);
  body.writeUInt32LE(crc32c(b));
  const n = data.length + 4;
  return Buffer.concat([Buffer.from('ff060000734e61507059', 'hex'),
    Buffer.from([0, n & 255, (n >> 8) & 255, n >> 16]), body, data]);
};
const lz4Block = (b) => {
  const out = Buffer.alloc(lz4.compressBound(b.length)), table = lz4.makeHashTable ? lz4.makeHashTable() : new Uint32Array(1 << 16);
  const n = lz4.compressBlock(b, out, 0, b.length, table);
  if (n === 0) throw new Error('incompressible');
  return out.subarray(0, n);
};
const yenc = (b) => {
  let out = [];
  for (const c of b) {
    const e = (c + 42) & 255;
    if ([0, 10, 13, 61].includes(e)) out.push(61, (e + 64) & 255); else out.push(e);
  }
  return Buffer.concat([utf8(`=ybegin line=128 size=${b.length} name=r.bin\r\n`), Buffer.from(out), utf8(`\r\n=yend size=${b.length}\r\n`)]);
};
const xor = (b, key) => Buffer.from(b.map((c, i) => c ^ key[i % key.length]));
const inflateBlocked = (b) => { const d = zlib.deflateRawSync(b, { finishFlush: zlib.constants.Z_SYNC_FLUSH }); return d.subarray(0, -4); };

const row = (family, needs, gives, f, extra) => ({ family, needs, gives, f, ...extra });
const T = (f, extra) => row('text', 'text', 'text', onText(f), extra);
const R = (f, extra) => row('radix', 'any', 'text', f, extra);
const Y = (f, extra) => row('toy', 'text', 'text', onText(f), extra);
const C = (f, extra) => row('compression', 'any', 'bin', f, extra);

export const layers = {
  percent: T((s, r, b) => pct(b, unreserved)),
  'percent-lower': T((s, r, b) => pct(b, unreserved, false)),
  'percent-all': T((s, r, b) => pct(b, () => false)),
  'percent-twice': T((s) => encodeURIComponent(encodeURIComponent(s))),
  'percent-thrice': T((s) => encodeURIComponent(encodeURIComponent(encodeURIComponent(s)))),
  'percent-mixed': T((s, r, b) => pct(b, (c) => c < 128 && r.chance(0.6) && c !== 37)),
  'percent-js-escape': T((s) => escape(s)),
  'percent-u': T((s) => units(s, (c) => '%u' + c.toString(16).padStart(4, '0'))),
  'html-dec': T((s) => units(s, (c) => `&#${c};`)),
  'html-hex': T((s) => units(s, (c) => `&#x${c.toString(16)};`)),
  'html-named': T((s) => he.encode(s, { useNamedReferences: true, encodeEverything: false }).replace(/\//g, '&sol;').replace(/:/g, '&colon;').replace(/\./g, '&period;')),
  'html-min': T((s) => he.escape(s.replace(/&/g, '&')).replace(/\//g, '&#x2F;')),
  'json-slash': T((s) => s.replace(/\//g, '\\/')),
  'json-u': T((s) => units(s, (c) => '\\u' + c.toString(16).padStart(4, '0'))),
  'json-u-some': T((s) => units(s, (c, x) => (/[a-z0-9.]/.test(x) ? x : '\\u' + c.toString(16).toUpperCase().padStart(4, '0')))),
  'json-string': T((s) => JSON.stringify(s)),
  'json-string-twice': T((s) => JSON.stringify(JSON.stringify(s))),
  'js-x': T((s, r, b) => [...b].map((c) => '\\x' + c.toString(16).padStart(2, '0')).join('')),
  'js-x-some': T((s, r, b) => [...b].map((c) => (c < 128 && r.chance(0.5) && c !== 92 ? String.fromCharCode(c) : '\\x' + c.toString(16).padStart(2, '0'))).join('')),
  'js-braces': T((s) => [...s].map((c) => `\\u{${c.codePointAt(0).toString(16)}}`).join('')),
  'c-octal': T((s, r, b) => [...b].map((c) => '\\' + c.toString(8).padStart(3, '0')).join('')),
  'quoted-printable': T((s) => qp.encode(Buffer.from(s).toString('latin1'))),
  'qp-all': T((s, r, b) => wrap([...b].map((c) => '=' + c.toString(16).toUpperCase().padStart(2, '0')).join(''), 72, '=\r\n')),
  'mime-word-b': T((s) => `=?UTF-8?B?${b64(utf8(s))}?=`),
  'mime-word-q': T((s, r, b) => `=?UTF-8?Q?${[...b].map((c) => (unreserved(c) && c !== 95 ? String.fromCharCode(c) : '=' + c.toString(16).toUpperCase().padStart(2, '0'))).join('')}?=`),
  utf7: T((s) => utf7.encodeAll(s)),
  utf16le: row('text', 'text', 'bin', (b) => iconv.encode(b.toString(), 'utf16le')),
  utf16be: row('text', 'text', 'bin', (b) => iconv.encode(b.toString(), 'utf16be')),
  'utf16-bom': row('text', 'text', 'bin', (b) => iconv.encode(b.toString(), 'utf16')),
  utf32le: row('text', 'text', 'bin', (b) => iconv.encode(b.toString(), 'utf-32le')),
  utf32be: row('text', 'text', 'bin', (b) => iconv.encode(b.toString(), 'utf-32be')),

  'hex': R((b) => utf8(b.toString('hex'))),
  'hex-upper': R((b) => utf8(b.toString('hex').toUpperCase())),
  'hex-colon': R((b) => utf8(b.toString('hex').match(/../g).join(':'))),
  'hex-dash': R((b) => utf8(b.toString('hex').toUpperCase().match(/../g).join('-'))),
  'hex-space': R((b) => utf8(b.toString('hex').match(/../g).join(' '))),
  'hex-0x': R((b) => utf8('0x' + b.toString('hex'))),
  'hex-0x-list': R((b) => utf8([...b].map((c) => '0x' + c.toString(16).padStart(2, '0')).join(', '))),
  base32: R(b32(RFC32, true)),
  'base32-unpadded': R(b32(RFC32, false)),
  'base32-lower': R((b) => utf8(b32(RFC32, false)(b).toString().toLowerCase())),
  base32hex: R(b32(HEX32, true)),
  'base32-crockford': R(b32('0123456789ABCDEFGHJKMNPQRSTVWXYZ', false), { extra: true }),
  base36: R(inBase('0123456789abcdefghijklmnopqrstuvwxyz')),
  'base36-upper': R(inBase('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ')),
  base58: R((b) => utf8(baseX('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz').encode(b))),
  'base58-flickr': R((b) => utf8(baseX('123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ').encode(b)), { extra: true }),
  'base62': R((b) => utf8(baseX('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz').encode(b))),
  'base62-lower-first': R((b) => utf8(baseX('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ').encode(b))),
  base64: R((b) => utf8(b64(b))),
  'base64-unpadded': R((b) => utf8(b64(b).replace(/=/g, ''))),
  base64url: R((b) => utf8(b.toString('base64url'))),
  'base64url-padded': R((b) => utf8(b64(b).replace(/\+/g, '-').replace(/\//g, '_'))),
  'base64-mime': R((b) => utf8(wrap(b64(b), 76, '\r\n'))),
  'base64-lf60': R((b) => utf8(wrap(b64(b), 60, '\n'))),
  'base64-twice': R((b) => utf8(b64(utf8(b64(b))))),
  'base64-thrice': R((b) => utf8(b64(utf8(b64(utf8(b64(b))))))),
  'base64-offset': R((b, r) => utf8(`v1.${r.text(5)}_` + b64(b))),
  'base64-glued': R((b, r) => utf8(r.text(1 + r.int(7)) + b64(b))),
  'base64-align1': R((b, r) => utf8(b64(Buffer.concat([utf8('u'), b])))),
  'base64-align2': R((b, r) => utf8(b64(Buffer.concat([utf8('id'), b])))),
  'base64-reversed': R((b) => utf8([...b64(b)].reverse().join(''))),
  'base64-percent': R((b) => utf8(encodeURIComponent(b64(b)))),
  'base64-dot-pad': R((b) => utf8(b64(b).replace(/=/g, '.').replace(/\+/g, '-').replace(/\//g, '_'))),
  'base64-swapped-case': R((b) => utf8(b64(b).replace(/[a-zA-Z]/g, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase()))), { extra: true }),
  'base64-sensitive-alphabet': R((b) => utf8(swap(STD64, './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')(b64(b).replace(/=/g, ''))), { extra: true }),
  ascii85: R((b) => utf8(ascii85.encode(b).toString())),
  'ascii85-adobe': R((b) => utf8('<~' + ascii85.encode(b).toString() + '~>')),
  z85: R((b) => b85(Z85)(Buffer.concat([b, Buffer.alloc((4 - b.length % 4) % 4, 32)]))),
  'base85-rfc1924': R(b85(B85)),
  base91: R((b) => utf8(base91.encode(b))),
  'decimal-comma': R((b) => utf8([...b].join(','))),
  'decimal-space': R((b) => utf8([...b].join(' '))),
  'decimal-json': R((b) => utf8(JSON.stringify([...b]))),
  'decimal-signed-json': R((b) => utf8(JSON.stringify([...b].map((c) => (c > 127 ? c - 256 : c))))),
  'json-chars': T((s) => JSON.stringify([...s]), { family: 'radix' }),
  'buffer-json': R((b) => utf8(JSON.stringify(b))),
  'index-object': R((b) => utf8(JSON.stringify(Object.fromEntries([...b].map((c, i) => [i, c]))))),
  'binary-digits': R((b) => utf8([...b].map((c) => c.toString(2).padStart(8, '0')).join('')), { extra: true }),
  'octal-list': R((b) => utf8([...b].map((c) => c.toString(8).padStart(3, '0')).join(' ')), { extra: true }),
  'char-codes-js': T((s) => `String.fromCharCode(${units(s, (c) => c + ',').slice(0, -1)})`, { family: 'radix' }),

  reversed: Y((s) => [...s].reverse().join('')),
  rot13: Y(rot(13)),
  rot1: Y(rot(1)), rot3: Y(rot(3)), rot5: Y(rot(5)), rot17: Y(rot(17)), rot25: Y(rot(25)),
  rot47: Y(rot47, { extra: true }),
  atbash: Y((s) => s.replace(/[a-z]/g, (c) => String.fromCharCode(219 - c.charCodeAt(0))).replace(/[A-Z]/g, (c) => String.fromCharCode(155 - c.charCodeAt(0))), { extra: true }),
  'custom-map-1': Y(swap(MAP_IN, MAP_OUT)),
  'xor-1-hex': row('toy', 'any', 'text', (b, r) => utf8(xor(b, [1 + r.int(255)]).toString('hex'))),
  'xor-1-base64': row('toy', 'any', 'text', (b, r) => utf8(b64(xor(b, [1 + r.int(255)])))),
  'xor-1-raw': row('toy', 'any', 'bin', (b, r) => xor(b, [128 + r.int(128)])),
  'xor-4-base64': row('toy', 'any', 'text', (b, r) => utf8(b64(xor(b, r.bytes(4))))),
  'xor-word-hex': row('toy', 'any', 'text', (b, r) => utf8(xor(b, utf8(r.pick(['secret', 'sdk', 'K3y!', 'android']))).toString('hex'))),
  'add-1-base64': row('toy', 'any', 'text', (b, r) => { const k = 1 + r.int(20); return utf8(b64(Buffer.from(b.map((c) => c + k)))); }, { extra: true }),
  yenc: row('toy', 'any', 'bin', yenc),

  gzip: C((b) => zlib.gzipSync(b)),
  'gzip-9-named': C(tool('gzip', '-9', '-c')),
  zlib: C((b) => zlib.deflateSync(b)),
  'zlib-1': C((b) => zlib.deflateSync(b, { level: 1 })),
  'zlib-stored': C((b) => zlib.deflateSync(b, { level: 0 })),
  deflate: C((b) => zlib.deflateRawSync(b)),
  'deflate-fixed': C((b) => zlib.deflateRawSync(b, { strategy: zlib.constants.Z_FIXED })),
  'deflate-message': C(inflateBlocked),
  brotli: C((b) => zlib.brotliCompressSync(b)),
  'brotli-4': C((b) => zlib.brotliCompressSync(b, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })),
  zstd: C(tool('zstd', '-q', '-c')),
  'zstd-19-nochecksum': C(tool('zstd', '-q', '-19', '--no-check', '-c')),
  lz4: C((b) => Buffer.from(lz4.compress(b))),
  'lz4-tool': C(tool('lz4', '-q', '-c')),
  'lz4-block': C(lz4Block, { extra: true, opens: true }),
  snappy: C((b) => Buffer.from(snappy.compress(b)), { opens: true }),
  'snappy-framed': C(snappyFramed),
  xz: C(tool('xz', '-c')),
  'lzma-alone': C(tool('xz', '--format=lzma', '-c')),
  'lzma-js': C((b) => Buffer.from(lzma.compress(b, 1))),
  bzip2: C(tool('bzip2', '-c')),
  'lzw-compress': C(tool('compress', '-f', '-c')),
  'lz-string-raw': row('compression', 'text', 'bin', (b) => Buffer.from(LZString.compressToUint8Array(b.toString()))),
  'lz-string-base64': row('compression', 'text', 'text', onText((s) => LZString.compressToBase64(s))),
  'lz-string-uri': row('compression', 'text', 'text', onText((s) => LZString.compressToEncodedURIComponent(s))),
  'lz-string-utf16': row('compression', 'text', 'text', onText((s) => LZString.compressToUTF16(s))),
};
void bigint;

/** apply puts the bytes through the named layer. */
export const apply = (name, b, r) => layers[name].f(b, r);

/** printable says whether the bytes are text that any text carrier takes. */
export function printable(b) {
  const s = b.toString('utf8');
  return Buffer.compare(Buffer.from(s, 'utf8'), b) === 0 && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(s);
}
