import { kindOfNetworkCode, kindOfNetworkCodeIn, kindOfNetworkWords } from '../../src/errors/network.ts';

const CODES = {
  tls_error: [
    ...['CERT_HAS_EXPIRED', 'ERR_TLS_X', 'ERR_SSL_WRONG', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
    ...[
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'HOSTNAME_MISMATCH',
      'INVALID_CA',
      'PATH_LENGTH_EXCEEDED',
      'EPROTO',
      'OUT_OF_MEM',
      'CRL_X',
    ],
  ],
  upstream_timeout: [
    'UND_ERR_HEADERS_TIMEOUT',
    'UND_ERR_BODY_TIMEOUT',
    'ESOCKETTIMEDOUT',
    'ERR_HTTP_REQUEST_TIMEOUT',
    'TIMEOUT_ERR',
  ],
  cancelled: ['UND_ERR_ABORTED', 'ABORT_ERR', 'ERR_CANCELED', 'ERR_ABORTED'],
  invalid_response: [
    ...['Z_DATA_ERROR', 'ERR__ERROR_FORMAT', 'ERR__ERROR_FORMAT_PADDING', 'ERR_BROTLI', 'ERR_BROTLI_DECODE'],
    ...['UND_ERR_RES', 'UND_ERR_RES_EXCEEDED', 'UND_ERR_RESPONSE', 'UND_ERR_RESPONSE_STATUS', 'ERR_INVALID_CHAR'],
  ],
  network_error: [
    ...[
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNRESET',
      'EPIPE',
      'EHOSTUNREACH',
      'ENETDOWN',
      'EADDRNOTAVAIL',
      'ETIMEDOUT',
      'ESHUTDOWN',
    ],
    ...['UND_ERR_SOCKET', 'ERR_NETWORK', 'ERR_SOCKET_CLOSED', 'ERR_HTTP2_STREAM_ERROR', 'HPE_INVALID_CONSTANT'],
  ],
};

describe('a code of the connection', () => {
  test.each(Object.entries(CODES))('means %s: %j', (kind, codes) => {
    for (const code of codes) {
      expect([code, kindOfNetworkCode(code)]).toEqual([code, kind]);
      expect([code, kindOfNetworkCode(`MY_${code}`)]).toEqual([code, undefined]);
      expect([code, kindOfNetworkCodeIn(`SOME x code: '${code}' ABORT_ERR`)]).toEqual([code, kind]);
    }
  });

  test.each([
    'EPROTOTYPE',
    'OUT_OF_MEMORY',
    'UND_ERR_HEADERS_TIMEOUT-',
    'ERR_CANCELED-',
    'EPIPE2',
    'UND_ERR_INVALID_ARG',
    'EACCES',
    '',
  ])('%j is none', (code) => {
    expect(kindOfNetworkCode(code)).toBeUndefined();
    expect(kindOfNetworkCode(`${code} `)).toBeUndefined();
  });

  test.each(['ERR_INVALID_CHAR', 'ABORT_ERR', 'TIMEOUT_ERR'])('%s is the whole code', (code) => {
    expect(kindOfNetworkCode(`${code}S`)).toBeUndefined();
  });

  test('is none of a text in small letters', () => {
    expect(kindOfNetworkCodeIn('econnreset, then ECONNRESETx')).toBeUndefined();
  });
});

const WORDS = {
  tls_error: [
    ...[
      'certificate verify failed',
      'certificate verification failed',
      'certificate is self-signed',
      'certificate self signed',
    ],
    ...[
      'certificate: selfsigned',
      'certificate not trusted',
      'certificate has no trust',
      'certificate altname',
      'certificate altnames',
    ],
    ...[
      'certificate has expired',
      'verify the certificate',
      'verification of the certificate',
      'self signed certificate',
    ],
    ...['self-signed server certificate', 'selfsigned certificate', 'untrusted certificate', 'x509: x', 'pkix path'],
    ...[
      'ssl cert',
      'sslcertverificationerror',
      'ssl handshake',
      'sslhandshakeexception',
      'ssl routines',
      'tls: fatal alert',
    ],
    ...['tls: handshake fail', 'tls: handshake failed', 'ssl: wrong version', 'handshake failure', 'hand shake alert'],
    ...['sslv3 alert', 'tlsv1 unknown alert', 'self_signed_cert_in_chain'],
  ],
  network_error: [
    ...[
      'connect timeout',
      'connection timeout',
      'connectiontimeout',
      'connection-timeout',
      'connection attempt timed out',
    ],
    ...[
      'connect timedout',
      'connect timed-out',
      'connecttimeouterror',
      'dial tcp',
      'tls handshake timeout',
      'semaphore timeout',
    ],
    ...[
      'fetch failed',
      'network error',
      'networkerror',
      'network unreachable',
      'network is unreachable',
      'socket hang up',
    ],
    ...[
      'socket hangup',
      'it terminated',
      'terminated: the other side of the socket',
      'unknown host',
      'unknownhostexception',
    ],
    ...[
      'could not resolve',
      "couldn't connect",
      'couldnot reach',
      'cannot be resolved',
      'unable to connect',
      'failed to establish',
    ],
    ...[
      'dns lookup',
      'dns: the lookup',
      'connection reset',
      'connection was reset',
      'connectionerror',
      'connection error',
    ],
    ...[
      'connectionreseterror',
      'connection closederror',
      'server disconnected',
      'server has disconnected',
      'remote end hung up',
    ],
    ...[
      'remoteprotocolerror',
      'remotedisconnected',
      'incomplete read',
      'incompleteread',
      'incomplete chunked read',
      'os error 111',
    ],
    ...[
      'host unreachable',
      'host is unreachable',
      'unexpected eof',
      'read x: eof',
      'goaway',
      'clientoserror',
      'clientconnecterror',
    ],
    ...[
      'clientconnectorerror',
      'clientpayloaderror',
      'dropped the socket',
      'dropped socket',
      'http: the stream reset',
      'http2 x stream error',
    ],
    ...[
      'socket closed',
      'socket was closed',
      'error while sending request',
      'websocket failed',
      'websocket has failed',
    ],
    ...['code 1006', 'code: 1006'],
  ],
  upstream_timeout: [
    ...[
      'deadline exceeded',
      'deadline_expired',
      'deadlineexceeded',
      'context deadline',
      'headertimeout',
      'headerstimeouterror',
    ],
    ...[
      'body-timeouterror',
      'body timedouts',
      'body time-outs',
      'body time outs',
      'readtimeouterror',
      'socket timeoutexception',
    ],
    ...['timeout', 'time out', 'timed out', 'timed-out', 'timedout', 'timeouterror', 'timeoutexception: has exceeded'],
  ],
  cancelled: [
    ...[
      'aborterror',
      'abortedexception',
      'apiuseraborterror',
      'operation aborted',
      'request was aborted',
      'fetch abort',
    ],
    ...[
      'context canceled',
      'context cancelled',
      'canceled by user',
      'cancelled from the client',
      'locally canceled',
      'locally cancelled',
    ],
    ...[
      'cancelederror',
      'cancellederror',
      'taskcanceledexception',
      'operationcancelledexception',
      'a task was canceled',
    ],
    ...[
      'a task was cancelled',
      'aborted by user',
      'aborted by the client',
      'user canceled',
      'user cancelled',
      'signal is aborted',
    ],
  ],
};

describe('a sentence about the connection', () => {
  test.each(
    Object.entries(WORDS).flatMap(([kind, sentences]) => sentences.map((words) => [words, kind] as const)),
  )('%s: %s', (words, kind) => expect(kindOfNetworkWords(words)).toBe(kind));

  test.each([
    ...[
      'certificate',
      'self-made certificate',
      'ssl',
      'terminated early',
      'x: eof here',
      'sending request to x',
      'timeouts',
    ],
    ...['os error', 'code 1008', 'aborted', 'cancelled', `certificate ${'x'.repeat(61)} expired`, ''],
  ])('%s: none', (words) => expect(kindOfNetworkWords(words)).toBeUndefined());
});
