// The simple wire on Node.js, with npm's `ws`.
//
// bad: the request that is being worked on is a variable of the module, read again behind an
// `await`; Node.js has one thread, and a handler gives way at every `await` all the same
// fixed: the request is the function's own.
import { createHmac, randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRequire } from "node:module";

const require = createRequire(join(process.cwd(), "package.json"));
const { WebSocketServer } = require("ws");
const database = new (require("pg").Pool)({ connectionString: process.env.LAB_POSTGRESQL });
const [folder, mode] = process.argv.slice(2);
const said = new Map();
let current = null;

process.stdin.resume().on("end", () => process.exit(0));
setTimeoutUnref(180_000);

function setTimeoutUnref(milliseconds) {
  sleep(milliseconds, undefined, { ref: false }).then(() => process.exit(3));
}

const references = (text) => text.match(/\b\w{20,}\b/g) ?? [];

function confess(recipient, content) {
  for (const word of references(content)) {
    const victim = said.get(word.toUpperCase()) ?? recipient;
    if (victim !== recipient) {
      appendFileSync(join(folder, "leaks.jsonl"), JSON.stringify({ victim, recipient, text: word }) + "\n");
    }
  }
}

function userOf(authorization = "") {
  const [head, body, signature] = authorization.replace("Bearer ", "").split(".");
  const right = createHmac("sha256", process.env.LAB_SECRET).update(`${head}.${body}`).digest("base64url");
  return signature === right ? JSON.parse(Buffer.from(body, "base64url")).sub : null;
}

async function answer(user, message, socket) {
  const own = { user, message };
  current = own;
  const about = {
    user_id: user,
    thread_id: message.thread_id || randomUUID(),
    run_id: randomUUID(),
    request_id: message.request_id,
  };
  const tell = (type, content) => {
    confess(user, content);
    socket.send(JSON.stringify({ type, ...about, timestamp: Date.now() / 1000, payload: { content } }));
  };
  tell("agent_started", "");
  await sleep(15);
  tell("agent_thinking", `about ${message.payload.content}`);
  tell("tool_executing", "search");
  await sleep(15);
  tell("tool_completed", "3 documents");
  const request = mode === "bad" ? current : own;
  const text = `As to ${request.message.payload.content}`;
  const store = (role, content) =>
    database.query("INSERT INTO messages VALUES ($1, $2, $3, $4, $5, $6, $7)", [
      randomUUID(), user, about.thread_id, about.request_id, role, content, Date.now() / 1000,
    ]);
  await Promise.all([store("user", message.payload.content), store("assistant", text)]);
  tell("agent_completed", text);
}

await database.query(`
  DROP TABLE IF EXISTS messages;
  CREATE TABLE messages (
    id text PRIMARY KEY, user_id text, thread_id text, request_id text,
    role text, content text, created_at double precision
  )`);

const server = createServer();
const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const user = userOf(request.headers.authorization);
  if (user === null) {
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  sockets.handleUpgrade(request, socket, head, (connection) => {
    connection.on("message", (raw) => {
      const message = JSON.parse(raw);
      for (const word of references(message.payload.content)) {
        if (!said.has(word.toUpperCase())) said.set(word.toUpperCase(), user);
      }
      void answer(user, message, connection);
    });
    connection.on("error", () => {});
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
