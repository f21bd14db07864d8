/** A hash with its end, in the time of Redis. */
export interface Entry {
  readonly fields: Map<string, string>;
  expiresAt: number;
}

export type Data = Map<string, Entry>;

export function copied(data: Data): Data {
  return new Map([...data].map(([key, { fields, expiresAt }]) => [key, { fields: new Map(fields), expiresAt }]));
}

/** What a command answers: an integer, a text, nothing, or a list. */
export type Reply = number | string | undefined | Reply[];

/** Of the commands of Redis those that the scripts use. @throws Error where there is no such command */
export function command(data: Data, now: number, name: string, [key = '', ...rest]: string[]): Reply {
  if (name === 'TIME') return [String(Math.floor(now / 1000)), String(Math.floor((now % 1000) * 1000))];
  const entry = living(data, key, now);
  switch (name) {
    case 'HGET':
      return entry?.fields.get(rest[0] as string);
    case 'HMGET':
      return rest.map((field) => entry?.fields.get(field));
    case 'HGETALL':
      return entry ? [...entry.fields].flat() : [];
    case 'EXISTS':
      return entry ? 1 : 0;
    case 'PTTL':
      if (!entry) return -2;
      return entry.expiresAt === Number.POSITIVE_INFINITY ? -1 : Math.ceil(entry.expiresAt - now);
    case 'PEXPIRE':
      if (entry) entry.expiresAt = now + Number(rest[0]);
      return entry ? 1 : 0;
    case 'HSET': {
      const { fields } = entry ?? made(data, key);
      for (let i = 0; i < rest.length; i += 2) fields.set(rest[i] as string, rest[i + 1] as string);
      return rest.length / 2;
    }
    case 'HINCRBY': {
      const { fields } = entry ?? made(data, key);
      const sum = Number(fields.get(rest[0] as string) ?? 0) + Number(rest[1]);
      if (!Number.isSafeInteger(sum)) throw new Error('ERR value is not an integer or out of range');
      fields.set(rest[0] as string, String(sum));
      return sum;
    }
    case 'HDEL': {
      const gone = rest.filter((field) => entry?.fields.delete(field)).length;
      if (entry?.fields.size === 0) data.delete(key);
      return gone;
    }
    default:
      throw new Error(`ERR unknown command '${name}'`);
  }
}

function living(data: Data, key: string, now: number): Entry | undefined {
  const entry = data.get(key);
  if (!entry || entry.expiresAt > now) return entry;
  data.delete(key);
  return undefined;
}

function made(data: Data, key: string): Entry {
  const entry: Entry = { fields: new Map(), expiresAt: Number.POSITIVE_INFINITY };
  data.set(key, entry);
  return entry;
}
