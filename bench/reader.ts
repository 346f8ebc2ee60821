import { connect } from 'node:net'

// Run as a process of its own: asks the same addresses again and again over connections that stay
// open, and says
// how many answers came in the time given. Cheap, so that the server is what is measured.

const [port = '', path = '', key = '', connections = '', seconds = ''] = process.argv.slice(2)
const accounts = 1_000
const endsAt = performance.now() + Number(seconds) * 1_000
let answers = 0
let asked = 0

function request(): string {
  asked += 1
  const address = path.replace('*', String(asked % accounts))
  return `GET ${address} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${key}\r\n\r\n`
}

/** Whether a whole answer has come; throws if it is not 200. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(text.slice(0, 200))
  const length = /content-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  if (length === undefined) return text.endsWith('0\r\n\r\n')
  return Buffer.byteLength(text) >= end + 4 + Number(length)
}

function place(): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(request()))
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      if (!isWhole(text)) return
      text = ''
      answers += 1
      if (performance.now() < endsAt) socket.write(request())
      else socket.end(resolve)
    })
  })
}

await Promise.all(Array.from({ length: Number(connections) }, place))
process.stdout.write(String(answers))
