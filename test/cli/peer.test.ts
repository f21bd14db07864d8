import { loadPeer, MissingPeer, type Peer } from '../../src/cli/peer.ts';

test('a peer is loaded', () => {
  expect(typeof loadPeer('express')).toBe('function');
});

test('a missing one is an error that tells how to install it', () => {
  const load = (): unknown => loadPeer('express-of-nobody' as Peer);
  expect(load).toThrow(MissingPeer);
  expect(load).toThrow(
    'The demo needs express-of-nobody, which is not installed here. Run: npm install express-of-nobody',
  );
});
