// What the scripts of chaos have in common: quick time, a Redis to be maltreated, and the fullest window of a log of calls.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The system's time since `epoch`, `speed` times as fast; the same in all processes. */
export function scaledClock(epoch, speed) {
  const date = () => epoch + (Date.now() - epoch) * speed;
  const timer = (callback, ms) => setTimeout(callback, Math.max(0, ms) / speed);
  return { now: date, date, setTimeout: timer, clearTimeout };
}

/**
 * The most of these that came within any minute, less what a call may need to arrive when the machine is busy: a quarter of a
 * second, in which `speed` quarters pass here.
 */
export function fullest(times, speed) {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= 60_000 - 250 * speed) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function redisServer() {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'gemini-guard-chaos-'));
  let child;
  const command = async (line) => {
    const cli = spawn('redis-cli', ['-p', String(port), ...line.split(' ')], { stdio: 'ignore' });
    return new Promise((resolve) => cli.once('exit', resolve));
  };
  const server = {
    port,
    command,
    signal: (name) => child.kill(name),
    async start() {
      child = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', dir], { stdio: 'ignore' });
      while ((await command('PING')) !== 0) await sleep(20);
    },
    async kill() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    forget: () => rmSync(dir, { recursive: true, force: true }),
  };
  await server.start();
  return server;
}
