/**
 * The floor: the least that an honest chat server does on this machine. Bare `ws`; a message is one durable row of an SQLite
 * file with the pragmas of ours, by group commit; then the ack, and the fact to all members, in the very bytes of ours.
 * No accounts, rights, conversations, encryption, repetition or history.
 *
 *   node bench/floor-server.mjs FOLDER [raw]      with "raw" a broadcast is not stored at all
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { openSqliteDatabase } from '../dist/adapters/sqlite/sqlite-database.js';

const [folder, mode] = process.argv.slice(2);
const SCHEMA = ['CREATE TABLE log (position INTEGER PRIMARY KEY, record TEXT NOT NULL)'];
const BACKLOG = 4_096;

const database = openSqliteDatabase(join(folder, 'floor.sqlite'), SCHEMA);
const [begin, insert, commit] = ['BEGIN IMMEDIATE', 'INSERT INTO log (position, record) VALUES (?, ?)', 'COMMIT'].map((sql) =>
  database.prepare(sql),
);
const rooms = new Map();
let waiting = [];
let position = database.prepare('SELECT ifnull(max(position), 0) FROM log').pluck().get();

function flush() {
  const batch = waiting;
  waiting = [];
  if (mode !== 'raw') {
    begin.run();
    for (const { text } of batch) insert.run(++position, text);
    commit.run();
  }
  for (const one of batch) answer(one);
}

function answer({ socket, id, data }) {
  const { conversationId, messageId, content } = data;
  const postedAt = new Date().toISOString();
  const room = rooms.get(conversationId);
  room.seq += 1;
  const { seq } = room;
  socket.send(JSON.stringify({ type: 'ack', replyTo: id, data: { messageId, seq, postedAt, revision: seq + 2 } }));
  const message = {
    conversationId,
    messageId,
    seq,
    class: 'post',
    senderId: messageId,
    postedAt,
    version: 1,
    state: 'visible',
    content,
  };
  const fact = Buffer.from(JSON.stringify({ type: 'message-posted', scope: conversationId, revision: seq + 2, data: message }));
  for (const member of room.members) member.send(fact, { binary: false });
}

function receive(socket, bytes) {
  const text = bytes.toString('utf8');
  const { type, id, data } = JSON.parse(text);
  if (type === 'join') {
    const room = rooms.get(data.conversationId) ?? { members: new Set(), seq: 0 };
    rooms.set(data.conversationId, room);
    if (!room.members.has(socket)) socket.on('close', () => room.members.delete(socket));
    room.members.add(socket);
    socket.send(JSON.stringify({ type: 'ack', replyTo: id, data: {} }));
    return;
  }
  if (waiting.push({ socket, id, data, text }) === 1) setImmediate(flush);
}

const http = createServer((request, response) => response.end(Buffer.alloc(Number(request.url.slice(1)) || 2, 'x')));
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (bytes) => receive(socket, bytes));
  socket.on('error', () => undefined);
});
http.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
  process.stdout.write(`http://127.0.0.1:${http.address().port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
