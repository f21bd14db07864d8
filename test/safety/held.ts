import { answer, type Exchange, type Reply } from '../../src/testing/index.ts';

/** A reply that waits for `finish`. */
export function held(then: Reply = answer('late')): { reply: Reply; finish: () => void } {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const play = async (exchange: Exchange): Promise<void> => {
    await finished;
    await then.play(exchange);
  };
  return { reply: { name: 'held', play }, finish };
}
