/** The least that Nest asks for: an application with Fastify and one gateway for sockets, and nothing in it. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketServer } from 'ws';

class Bare {}
Module({})(Bare);

const app = await NestFactory.create(Bare, new FastifyAdapter(), { logger: false });
await app.listen({ port: 0, host: '127.0.0.1' });
const sockets = new WebSocketServer({ server: app.getHttpServer() });
sockets.on('connection', (socket) => socket.on('message', () => socket.send('ok')));
process.stdout.write(`${await app.getUrl()}\n`);
process.on('SIGTERM', () => process.exit(0));
