// Digests by other people's code: node:crypto (OpenSSL), hash-wasm, js-md2, siphash, murmurhash3js-revisited; the
// short FNV and DJB sums are written out here from their published definitions.
import crypto from 'node:crypto';
import * as wasm from 'hash-wasm';
import md2 from 'js-md2';
import siphash from 'siphash';
import murmur from 'murmurhash3js-revisited';

const ossl = (name) => (b) => crypto.createHash(name).update(b).digest();
const hex = (f) => async (b) => Buffer.from(await f(b), 'hex');
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n >>> 0); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt.asUintN(64, n)); return b; };
const fnv = (bits, prime, start, a) => (b) => {
  let h = start;
  for (const c of b) {
    if (a) h = BigInt.asUintN(bits, (h ^ BigInt(c)) * prime); else h = BigInt.asUintN(bits, h * prime) ^ BigInt(c);
  }
  return bits === 32 ? u32(Number(h)) : u64(h);
};
const P32 = 0x01000193n, O32 = 0x811c9dc5n, P64 = 0x100000001b3n, O64 = 0xcbf29ce484222325n;

/** digests maps a name to a function from bytes to bytes. */
export const digests = {
  md2: (b) => Buffer.from(md2(b.toString()), 'hex'),
  md4: hex(wasm.md4),
  md5: ossl('md5'), sha1: ossl('sha1'), sha224: ossl('sha224'), sha256: ossl('sha256'), sha384: ossl('sha384'), sha512: ossl('sha512'),
  'sha512-224': ossl('sha512-224'), 'sha512-256': ossl('sha512-256'),
  'sha3-224': ossl('sha3-224'), 'sha3-256': ossl('sha3-256'), 'sha3-384': ossl('sha3-384'), 'sha3-512': ossl('sha3-512'),
  'keccak-256': hex((b) => wasm.keccak(b, 256)),
  ripemd160: ossl('ripemd160'), whirlpool: hex(wasm.whirlpool), sm3: hex(wasm.sm3),
  'blake2b-512': ossl('blake2b512'), 'blake2b-256': hex((b) => wasm.blake2b(b, 256)), 'blake2b-160': hex((b) => wasm.blake2b(b, 160)),
  'blake2s-256': ossl('blake2s256'), blake3: hex((b) => wasm.blake3(b)),
  'murmur3-128-x64': (b) => Buffer.from(murmur.x64.hash128([...b]), 'hex'),
  'murmur3-128-x86': (b) => Buffer.from(murmur.x86.hash128([...b]), 'hex'),
  xxh64: hex((b) => wasm.xxhash64(b)), xxh3: hex((b) => wasm.xxhash3(b)), xxh128: hex((b) => wasm.xxhash128(b)),
  siphash: (b) => Buffer.from(siphash.hash_hex([0, 0, 0, 0], new Uint8Array(b)), 'hex'),
  'fnv1a-64': fnv(64, P64, O64, true), 'fnv1-64': fnv(64, P64, O64, false), crc64: hex((b) => wasm.crc64(b)),
};

/** sums are of 32 bits: too short to be proof alone, so cells of them count as ambiguous. */
export const sums = {
  crc32: hex((b) => wasm.crc32(b)), adler32: hex((b) => wasm.adler32(b)), 'murmur3-32': (b) => u32(murmur.x86.hash32([...b])),
  'fnv1a-32': fnv(32, P32, O32, true), 'fnv1-32': fnv(32, P32, O32, false), xxh32: hex((b) => wasm.xxhash32(b)),
  'java-hashcode': (b) => { let h = 0; for (const c of b.toString()) h = (Math.imul(31, h) + c.charCodeAt(0)) | 0; return u32(h); },
};

/** spellings of a digest; raw needs a carrier for bytes. */
export const spellings = {
  hex: (d) => d.toString('hex'), HEX: (d) => d.toString('hex').toUpperCase(), base64: (d) => d.toString('base64'),
  base64url: (d) => d.toString('base64url'), 'base64-unpadded': (d) => d.toString('base64').replace(/=/g, ''),
  'hex-dashed': (d) => d.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  decimal: (d) => BigInt('0x' + d.toString('hex')).toString(), 'signed-decimal': (d) => BigInt.asIntN(d.length * 8, BigInt('0x' + d.toString('hex'))).toString(),
  'base64-of-hex': (d) => Buffer.from(d.toString('hex')).toString('base64'), '0x': (d) => '0x' + d.toString('hex'), 'prefixed': (d, n) => `${n}:${d.toString('hex')}`,
  'hex-colons': (d) => d.toString('hex').match(/../g).join(':'), base32: (d) => null,
};
delete spellings.base32;

const url = (f) => (s) => { const u = new URL(s); return f(u, s); };
/** norms are what is done to a value before it is hashed. */
export const mailNorms = {
  lower: (s) => s.toLowerCase(), UPPER: (s) => s.toUpperCase(), 'trailing-newline': (s) => s + '\n', padded: (s) => ` ${s} `,
  'no-dots': (s) => s.toLowerCase().replace(/\./g, (m, i) => (i < s.indexOf('@') ? '' : m)),
  'no-tag': (s) => s.toLowerCase().replace(/\+[^@]*/, ''),
  'no-dots-no-tag': (s) => s.toLowerCase().replace(/\+[^@]*/, '').replace(/\.(?=[^@]*@)/g, ''),
  local: (s) => s.split('@')[0], 'local-lower': (s) => s.split('@')[0].toLowerCase(), mailto: (s) => 'mailto:' + s, utf16le: (s) => Buffer.from(s, 'utf16le'),
  'percent': (s) => encodeURIComponent(s), base64: (s) => Buffer.from(s).toString('base64'),
};
export const urlNorms = {
  lower: (s) => s.toLowerCase(), UPPER: (s) => s.toUpperCase(), 'no-scheme': (s) => s.replace(/^https?:\/\//, ''), 'no-query': (s) => s.replace(/[?#].*/, ''), 'no-fragment': (s) => s.replace(/#.*/, ''),
  'no-scheme-no-www': (s) => s.replace(/^https?:\/\/(www\.)?/, ''), 'no-www': (s) => s.replace('//www.', '//'), host: url((u) => u.hostname), 'host-no-www': url((u) => u.hostname.replace(/^www\./, '')),
  'etld1': url((u) => u.hostname.split('.').slice(-2).join('.')), origin: url((u) => u.origin), 'origin-slash': url((u) => u.origin + '/'), path: url((u) => u.pathname), 'path-query': url((u) => u.pathname + u.search),
  'whatwg': url((u) => u.href), 'http-instead': (s) => s.replace('https://', 'http://'), 'trailing-slash': (s) => s + '/', percent: (s) => encodeURIComponent(s), 'no-scheme-no-query': (s) => s.replace(/^https?:\/\//, '').replace(/[?#].*/, ''),
  utf16le: (s) => Buffer.from(s, 'utf16le'), base64: (s) => Buffer.from(s).toString('base64'),
};
