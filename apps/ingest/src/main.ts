import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { x } from '@tributary/domain';
@Module({})
class M {}
void (async () => { const a = await NestFactory.create(M, new FastifyAdapter()); console.log(x, typeof a); await a.close(); })();
