import type { IncomingMessage } from 'node:http';
import { isLocal } from '../../src/status/local.ts';

function from(remoteAddress: string | undefined, headers: Record<string, string> = {}, httpVersion = '1.1'): boolean {
  return isLocal({
    socket: { remoteAddress },
    headers: { host: 'localhost:3000', ...headers },
    httpVersion,
  } as unknown as IncomingMessage);
}

test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
  expect(from(address)).toBe(true);
});

test.each([
  '10.0.0.1',
  '192.168.1.2',
  '128.0.0.1',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '::127.0.0.1',
  '127.0.0.1.example',
  '',
  undefined,
])('%s is not', (address) => {
  expect(from(address)).toBe(false);
});

test.each([
  ['forwarded', 'for=192.0.2.1'],
  ['x-forwarded-for', '127.0.0.1'],
  ['x-forwarded-for', ''],
  ['x-forwarded-host', 'localhost'],
  ['x-forwarded-proto', 'https'],
  ['x-real-ip', '127.0.0.1'],
  ['via', '1.1 proxy'],
  ['x-client-ip', '127.0.0.1'],
  ['true-client-ip', '127.0.0.1'],
  ['cf-connecting-ip', '127.0.0.1'],
  ['fly-client-ip', '127.0.0.1'],
  ['x-envoy-external-address', '127.0.0.1'],
  ['x-original-forwarded-for', '127.0.0.1'],
  ['cdn-loop', 'cloudflare'],
  ['x-amzn-trace-id', 'Root=1'],
])('what came through a proxy is not: %s: %s', (name, value) => {
  expect(from('127.0.0.1', { [name]: value })).toBe(false);
});

test('nor what speaks HTTP/1.0, as nginx does to what is behind it', () => {
  expect(from('127.0.0.1', {}, '1.0')).toBe(false);
  expect(from('127.0.0.1', {}, '2.0')).toBe(true);
});

test.each([
  'localhost',
  'LOCALHOST:80',
  'app.localhost:3000',
  '127.0.0.1:8080',
  '[::1]:3000',
  '[::1]',
])('it calls itself %s', (host) => {
  expect(from('127.0.0.1', { host })).toBe(true);
});

test.each([
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'xlocalhost',
  '10.0.0.1',
  '[::2]',
  '',
])('a name that somebody has let point here does not open it: %s', (host) => {
  expect(from('127.0.0.1', { host })).toBe(false);
});

test('a page of another site cannot ask for it, a person who follows a link can', () => {
  expect(from('127.0.0.1', { 'sec-fetch-site': 'same-origin' })).toBe(true);
  expect(from('127.0.0.1', { 'sec-fetch-site': 'none' })).toBe(true);
  expect(from('127.0.0.1', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(false);
  expect(from('127.0.0.1', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' })).toBe(false);
  expect(from('127.0.0.1', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(true);
});
