import type express5 from 'express';
import { frameworks } from '../support.ts';
import { koaFace } from './koa-face.ts';

/** What every case plays on. */
export const hosts: [string, typeof express5][] = [...frameworks, ['koa 3', koaFace]];

/** Where two frameworks differ on purpose. */
export function isKoa(host: unknown): boolean {
  return host === koaFace;
}
