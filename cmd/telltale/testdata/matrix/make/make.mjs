// node make.mjs OUT [compact]: writes OUT/<family>.har, OUT/seeds.json and OUT/cells.json. With "compact" it keeps a
// share of each family, and no cell that is weak or large.
import fs from 'node:fs';
import { random } from './random.mjs';
import { cells } from './cells.mjs';
import { seeds } from './seeds.mjs';
import { entry, har } from './har.mjs';

const [out = 'out', compact] = process.argv.slice(2);
const all = [];
// How many cells of a family the compact form keeps; the rest keep 10.
const share = { 'single container': 64, 'single radix': 30, 'single text': 20, 'single compression': 24, 'record compression': 24, chain: 56, 'absurd chain': 40, hash: 36, 'hash of a normal form': 24, 'normal form': 24, 'key in the record': 24, split: 30, carrier: 24, 'named format': 20, 'single toy': 14 };
fs.mkdirSync(out, { recursive: true });
const files = {}, list = [];
for (const c of await cells(random(20261121))) {
  const r = random(Number(c.name.slice(1)) * 7919), host = `${c.name}.example`;
  let e;
  try { e = c.plainHost ? entry(r, c.host(host), {}) : await c.build(r, host, c); } catch (err) { console.error(c.family, c.what, err.stack.slice(0, 300)); continue; }
  const file = c.family.replace(/ depth \d/, '').replace(/\W+/g, '-');
  all.push({ file, e, cell: { name: c.name, family: c.family.replace(/ depth (\d)/, ''), file: file + '.har', what: c.what, seed: c.seed, ...(c.weak ? { weak: c.weak } : {}) } });
}
const kept = (family) => {
  const of = all.filter((x) => x.cell.family === family);
  if (!compact) return of;
  const good = of.filter((x) => !x.cell.weak && JSON.stringify(x.e).length < 6000), n = Math.min(share[family] ?? 10, good.length);
  return Array.from({ length: n }, (_, i) => good[Math.floor((i + 0.5) * good.length / n)]);
};
for (const family of new Set(all.map((x) => x.cell.family))) for (const x of kept(family)) { (files[x.file] ??= []).push(x.e); list.push(x.cell); }
for (const [name, entries] of Object.entries(files)) fs.writeFileSync(`${out}/${name}.har`, JSON.stringify(har(entries)));
fs.writeFileSync(`${out}/seeds.json`, JSON.stringify(Object.entries(seeds).map(([name, value]) => ({ name, value })), null, 1));
fs.writeFileSync(`${out}/cells.json`, `[\n${list.map((c) => JSON.stringify(c)).join(',\n')}\n]\n`);
console.log(list.length, 'cells');
