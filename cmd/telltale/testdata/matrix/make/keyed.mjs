// Ciphers whose key lies in the same record: node:crypto, and RC4 written out (OpenSSL 3 hides it).
import crypto from 'node:crypto';

const aes = (mode, bits) => (b, key, iv) => {
  const c = crypto.createCipheriv(`aes-${bits}-${mode}`, key, mode === 'ecb' ? null : iv);
  const out = Buffer.concat([c.update(b), c.final()]);
  return mode === 'gcm' ? Buffer.concat([out, c.getAuthTag()]) : out;
};
const rc4 = (b, key) => {
  const s = Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i++) { j = (j + s[i] + key[i % key.length]) & 255; [s[i], s[j]] = [s[j], s[i]]; }
  let i = 0, j = 0;
  return Buffer.from(b.map((c) => { i = (i + 1) & 255; j = (j + s[i]) & 255; [s[i], s[j]] = [s[j], s[i]]; return c ^ s[(s[i] + s[j]) & 255]; }));
};
const xor = (b, key) => Buffer.from(b.map((c, i) => c ^ key[i % key.length]));

/** ciphers: name, key length, iv length, function. */
export const ciphers = [
  ['aes-128-cbc', 16, 16, aes('cbc', 128)], ['aes-256-cbc', 32, 16, aes('cbc', 256)], ['aes-192-cbc', 24, 16, aes('cbc', 192)],
  ['aes-128-ecb', 16, 0, aes('ecb', 128)], ['aes-256-ecb', 32, 0, aes('ecb', 256)],
  ['aes-128-ctr', 16, 16, aes('ctr', 128)], ['aes-256-ctr', 32, 16, aes('ctr', 256)],
  ['aes-128-gcm', 16, 12, aes('gcm', 128)], ['aes-256-gcm', 32, 12, aes('gcm', 256)],
  ['rc4', 16, 0, rc4], ['rc4-word', 9, 0, rc4], ['xor-8', 8, 0, xor], ['xor-16', 16, 0, xor], ['xor-5', 5, 0, xor],
];
/** keySpellings: how key and iv are written in the record. */
export const keySpellings = {
  hex: (k) => k.toString('hex'), base64: (k) => k.toString('base64'), text: (k) => k.toString(), base64url: (k) => k.toString('base64url'),
};
/** openssl makes what `openssl enc -md md5` and crypto-js make from a password: "Salted__", salt, AES-256-CBC. */
export function openssl(b, password, salt) {
  let d = Buffer.alloc(0), all = Buffer.alloc(0);
  while (all.length < 48) { d = crypto.createHash('md5').update(Buffer.concat([d, Buffer.from(password), salt])).digest(); all = Buffer.concat([all, d]); }
  const c = crypto.createCipheriv('aes-256-cbc', all.subarray(0, 32), all.subarray(32));
  return Buffer.concat([Buffer.from('Salted__'), salt, c.update(b), c.final()]);
}
