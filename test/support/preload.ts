/** Loads Nest's ESM packages before any CommonJS plug-in can require them in a cycle. */
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
