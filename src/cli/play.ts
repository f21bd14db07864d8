import { setTimeout as sleep } from 'node:timers/promises';
import { fakeGemini } from '../testing/index.ts';
import { bareSite, guardedSite, PAGE } from './servers.ts';
import { type Side, type Sum, sumOf } from './sum.ts';
import { type Visit, visit } from './visitor.ts';
import { type Pace, type Scene, Sky, scenes } from './weather.ts';

/** Who wants to see what happens while it does. */
export interface Audience {
  /** Where the guarded server shows what it does. */
  page(url: string): void;
  scene(title: string): void;
  visitor(number: number, bare: Visit, guarded: Visit): void;
}

/** Plays the same weather at both servers, each with a fake Gemini of its own. */
export async function play(pace: Pace, audience: Audience): Promise<Record<Side, Sum>> {
  const sky = new Sky();
  const fakes = { bare: await fakeGemini(), guarded: await fakeGemini() };
  for (const fake of Object.values(fakes)) fake.always(() => sky.reply());
  const sites = {
    bare: await bareSite(fakes.bare.url),
    guarded: await guardedSite(fakes.guarded.url, pace),
  };
  const visits: Record<Side, Visit[]> = { bare: [], guarded: [] };
  try {
    // Whoever comes first pays for what is loaded late: nobody is counted for that.
    await Promise.all(Object.values(sites).map(({ url }) => visit(url, 'warm up', pace.patienceMs)));
    for (const fake of Object.values(fakes)) {
      await fake.waitForIdle();
      fake.reset();
      fake.always(() => sky.reply());
    }
    audience.page(`${sites.guarded.url}${PAGE}`);
    for (const scene of scenes(pace)) {
      await sleep(pace.pauseMs);
      audience.scene(scene.title);
      sky.become(scene);
      for (const pair of arrive(scene, sites, pace.patienceMs)) {
        const [bare, guarded] = await pair;
        audience.visitor(visits.bare.push(bare), bare, guarded);
        visits.guarded.push(guarded);
      }
    }
    return { bare: sumOf(visits.bare, fakes.bare), guarded: sumOf(visits.guarded, fakes.guarded) };
  } finally {
    await Promise.all([...Object.values(sites), ...Object.values(fakes)].map((server) => server.close()));
  }
}

/** The visitors of a scene, each at both servers at the same moment. */
function arrive(
  { arrivals }: Scene,
  sites: Record<Side, { readonly url: string }>,
  patienceMs: number,
): Promise<[Visit, Visit]>[] {
  return arrivals.map(async (atMs) => {
    await sleep(atMs);
    const question = 'What does a circuit breaker do?';
    return Promise.all([visit(sites.bare.url, question, patienceMs), visit(sites.guarded.url, question, patienceMs)]);
  });
}
