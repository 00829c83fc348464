// Serves the files of a folder on loopback: node site.js FOLDER PORT
const { createServer } = require("http")
const { readFile } = require("fs")
const [folder, port] = process.argv.slice(2)
const types = { html: "text/html; charset=utf-8", js: "text/javascript" }
createServer((request, answer) => {
  const name = /^\/([a-z.]+)?(\?.*)?$/.exec(request.url)
  readFile(`${folder}/${(name && name[1]) || "index.html"}`, (err, data) => {
    if (err || !name) return answer.writeHead(404).end()
    answer.writeHead(200, { "Content-Type": types[(name[1] || "index.html").split(".").pop()] || "text/plain" }).end(data)
  })
}).listen(Number(port), "127.0.0.1")
