// Runs the official JavaScript SDK in pages without a browser, one page a mode.
// The modules stand in the working directory; the argument is the address of the
// server. A page's mode is the project that it sends to.
const { createRequire } = require("module")
const { readFileSync } = require("fs")
const crypto = require("crypto")
const http = require("http")
const need = createRequire(process.cwd() + "/")
const { JSDOM } = need("jsdom")

const server = process.argv[2]
const rsaKey = process.argv[3]
const sdk = readFileSync(need.resolve("sa-sdk-javascript/sensorsdata.min.js"), "utf8")
const plugin = (name) => readFileSync(need.resolve(`sa-sdk-javascript/dist/web/plugin/${name}/index.js`), "utf8")

// The base point of the curve of SM2 (GB/T 32918.5) is a public key too.
const sm2Key = "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" +
  "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"

// use adds a plugin before the SDK starts.
function use(window, name, file, options) {
  window.eval(plugin(file))
  window.sensorsDataAnalytic201505.use(name, options)
}

const modes = {
  ajax: { send_type: "ajax" },
  batch: { send_type: "ajax", batch_send: { send_interval: 500, datasend_timeout: 3000 } },
  debug: { send_type: "ajax", debug_mode: true },
  image: {
    before(window) {
      Object.defineProperty(window.HTMLImageElement.prototype, "src", {
        set(address) {
          http.get(address, (answer) => {
            answer.resume()
            answer.on("end", () => this.onload && this.onload())
          })
        },
      })
    },
  },
  static: {
    send_type: "ajax",
    after: (window) => use(window, "AesEncryption", "aes-encryption",
      { k: Buffer.from("0123456789abcdef").toString("base64"), kid: 7, khash: "hh" }),
  },
  sm: {
    send_type: "ajax",
    after: (window) => use(window, "SMEncryption", "sm-encryption", { pkv: 9, pub_key: sm2Key }),
  },
  general: {
    send_type: "ajax",
    after: (window) => {
      const key = crypto.randomBytes(16)
      use(window, "GeneralEncryption", "general-encryption", {
        pkv: 3, pub_key: rsaKey,
        encrypt_utils: {
          encryptEvent(event) {
            const iv = crypto.randomBytes(16)
            const aes = crypto.createCipheriv("aes-128-cbc", key, iv)
            return Buffer.concat([iv, aes.update(JSON.stringify(event)), aes.final()]).toString("base64")
          },
          encryptSymmetricKeyWithPublicKey: (text) => crypto.publicEncrypt({
            key: crypto.createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" }),
            padding: crypto.constants.RSA_PKCS1_PADDING,
          }, key).toString("base64"),
        },
      })
    },
  },
}

function run(mode, { before, after, ...options }) {
  const { window } = new JSDOM("<title>T</title><p>text", {
    url: "http://shop.example.com/page?utm_source=x&q=secret#frag", referrer: "https://www.baidu.com/s?wd=flowers",
    runScripts: "outside-only", pretendToBeVisual: true,
  })
  window.alert = () => {}
  Object.defineProperty(window.screen, "width", { value: 1920 })
  Object.defineProperty(window.screen, "height", { value: 1080 })
  if (before) before(window)
  window.eval(sdk)
  if (after) after(window)
  const sensors = window.sensorsDataAnalytic201505
  sensors.init({ server_url: `${server}/sa?project=${mode}`, show_log: false, heatmap: { clickmap: "default" }, ...options })
  sensors.quick("autoTrack")
  sensors.track("Buy", { price: 12.5, tags: ["a", "b"], note: "ä你😀+ %&=", gift: true })
  sensors.login("user-1")
  sensors.setProfile({ city: "X" })
  sensors.bind("$identity_mobile", "138")
  sensors.setItem("book", "001", { pages: 300 })
  return window
}

const windows = Object.entries(modes).map(([mode, options]) => run(mode, options))
process.stdin.resume() // lives until the test has seen all
process.stdin.on("end", () => process.exit(windows.length - Object.keys(modes).length))
