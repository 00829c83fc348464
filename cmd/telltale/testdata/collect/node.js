// Runs the official Node SDK. The modules stand in the working directory; the
// argument is the address of the server. It ends when all is answered.
const { createRequire } = require("module")
const SensorsAnalytics = createRequire(process.cwd() + "/")("sa-sdk-node")

const said = { incognito: false, consent: ["statistics"] }
for (const [project, gzip] of [["node", true], ["node-plain", false]]) {
  global.isRunSubmitTo = false // the SDK allows one server a process
  const sensors = new SensorsAnalytics()
  const sent = sensors.submitTo({ url: `${process.argv[2]}/sa?project=${project.replace("-", "_")}`, gzip, mode: "track", timeout: 10000 }, { count: 3, timeSpan: 200 })
  sent.catch((err) => { console.error(String(err)); process.exit(1) })
  sensors.track("canary-node-user", "Buy", { price: 12.5, tags: ["a", "b"], note: "ä你", gift: true, ...said })
  sensors.profileSet("canary-node-user", { plan: "paid", ...said })
  sensors.trackSignup("canary-node-user", "canary-anonymous", said)
}
process.stdin.resume()
process.stdin.on("end", () => process.exit(0))
