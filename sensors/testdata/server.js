// Runs the official Node SDK. The modules stand in the working directory; the
// argument is the address of the server.
const { createRequire } = require("module")
const SensorsAnalytics = createRequire(process.cwd() + "/")("sa-sdk-node")

const server = process.argv[2]
for (const [project, gzip, mode] of [["node", true, "track"], ["node-plain", false, "track"], ["node-debug", true, "dryRun"]]) {
  global.isRunSubmitTo = false // the SDK allows one server a process
  const sensors = new SensorsAnalytics()
  sensors.submitTo({ url: `${server}/sa?project=${project}`, gzip, mode, timeout: 10000 }, { count: 2, timeSpan: 300 })
  sensors.track("user-1", "ViewProduct", { price: 12.5, tags: ["a", "b"], note: "ä你😀+ %&=", gift: true })
  sensors.profileSet("user-1", { city: "X" })
  sensors.trackSignup("user-1", "anon-1", {})
}
process.stdin.resume()
process.stdin.on("end", () => process.exit(0))
