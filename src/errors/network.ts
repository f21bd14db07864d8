import type { Kind } from './kinds.ts';

type Rules = readonly (readonly [RegExp, Kind])[];

/** Codes of Node, undici, OpenSSL, zlib and Python's and Rust's names for the same, in decision order. */
const CODES: Rules = [
  // Certificates first: a reset after a refused certificate is still the certificate.
  [
    /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET|DECRYPT|DECODE)|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|EPROTO$|OUT_OF_MEM$|CRL_)/,
    'tls_error',
  ],
  [/^(?:UND_ERR_(?:HEADERS|BODY)_TIMEOUT|ESOCKETTIMEDOUT|ERR_HTTP_REQUEST_TIMEOUT|TIMEOUT_ERR)$/, 'upstream_timeout'],
  [/^(?:UND_ERR_ABORTED|ABORT_ERR|ERR_CANCELED|ERR_ABORTED)$/, 'cancelled'],
  // A body that arrives and cannot be read.
  [/^(?:Z_\w+|ERR__ERROR_FORMAT\w*|ERR_BROTLI\w*|UND_ERR_(?:RES|RESPONSE)\w*|ERR_INVALID_CHAR)$/, 'invalid_response'],
  [
    /^(?:E(?:NOTFOUND|AI_\w+|CONN\w+|PIPE|HOST\w+|NET\w+|ADDRNOTAVAIL|TIMEDOUT|SHUTDOWN)|UND_ERR_(?!INVALID)\w+|ERR_(?:NETWORK|SOCKET|STREAM|HTTP2|INTERNET|NAME|CONNECTION|PROXY|TUNNEL|QUIC|ADDRESS|TIMED)\w*|HPE_\w+|ENETDOWN)$/,
    'network_error',
  ],
];

/** What a code such as `ECONNRESET` means, or undefined. */
export function kindOfNetworkCode(code: string): Kind | undefined {
  return CODES.find(([pattern]) => pattern.test(code))?.[1];
}

/** What the first code of that kind in a text means, as dumps print them: `code: 'UND_ERR_SOCKET'`. */
export function kindOfNetworkCodeIn(text: string): Kind | undefined {
  for (const match of text.matchAll(/\b[A-Z][A-Z\d]{0,20}(?:__?[A-Z\d]{1,24}){0,6}\b/g)) {
    const kind = kindOfNetworkCode(match[0]);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/**
 * The same by words, for clients that print sentences: Node, browsers, Python (httpx, requests, aiohttp, ssl), Go, Java,
 * Rust, gRPC. In decision order.
 */
const WORDS: Rules = [
  [
    /\bcertificate\b.{0,60}\b(?:verif\w*|self[- ]?signed|expired|trust\w*|invalid|unknown|chain|altnames?|revoked|authority)\b|\b(?:verif\w*|self[- ]?signed|untrusted|invalid|bad|unable to get|unknown)\b.{0,40}\bcertificate\b|\bx509:|\bpkix\b|\bssl ?(?:cert|handshake)|\b(?:ssl|tls)\b.{0,30}\b(?:alert|handshake fail\w*|wrong version|protocol version|routines|verify)\b|\bcertificate_verify_failed\b|\b(?:hand ?shake|sslv3|tlsv1)\b.{0,20}\b(?:alert|failure)\b|\bunable to verify the first\b|\bnet::err_(?:cert|ssl)|\bself_signed_cert/,
    'tls_error',
  ],
  // Nobody answered the knock, or the client itself names the connection: that is the network, whatever timed out.
  [
    /\bsocketexception\b|\[connection error\]|\bsemaphore timeout\b|\bconnection errored\b|\bconnect(?:ion)?(?: attempt)?[ -]?time(?:d[ -]?)?out\b|\bconnecttimeout|\bdial (?:tcp|udp)\b|\b(?:tls|ssl) handshake time/,
    'network_error',
  ],
  // Somebody stopped waiting for an answer.
  [
    /\bdeadline[ _]?(?:exceeded|expired)|\bcontext deadline\b|\b(?:headers?|body|read|write|pool|response|request|socket|inactivity|idle|gateway|stream)[ -]?timed?[ -]?out|\btimed?[ -]?out\b|\btimeoutexception\b.{0,40}\b(?:exceeded|reached|elapsed|expired|waiting|after)\b|\btimeouterror\b/,
    'upstream_timeout',
  ],
  // Our own side stopped it.
  [
    /\b\w{0,16}abort(?:ed)?(?:error|exception)\b|\b(?:operation|request|call|fetch|stream|user) (?:was |is |has been )?abort(?:ed)?\b|\bcontext cancell?ed\b|\bcancell?ed (?:by|from) (?:the )?(?:user|client|caller|application)\b|\blocally cancell?ed\b|\b(?:task|operation)?cancell?ed(?:error|exception)\b|\ba task was cancell?ed\b|\baborted by (?:the )?(?:user|client|caller)\b|\buser cancell?ed\b|\bsignal is aborted\b/,
    'cancelled',
  ],
  [
    /\bfetch failed\b|\bfailed to fetch\b|\bload failed\b|\bnetwork ?error\b|\bnetwork request failed\b|\bnetwork (?:is )?(?:unreachable|connection|changed|failure|failed)|\bsocket hang ?up\b|\bother side closed\b|\bsocketerror\b|\bterminated$|\bterminated\b.{0,80}\b(?:socket|und_err)|\btypeerror: terminated\b|\bgetaddrinfo\b|\bname or service not known\b|\bname resolution\b|\bnodename nor servname\b|\bno such host\b|\bunknown ?host|\b(?:connect|noroutetohost|bind|portunreachable)exception\b|\b(?:could ?n[o']t|cannot|unable to|failed to) (?:be )?(?:resolve|connect|reach|establish)|\bdns\b.{0,30}\b(?:fail|error|lookup|resol)|\bconnection (?:was |is |has been |got )?(?:error|refused|reset|closed|aborted|lost|failed|dropped|terminated|interrupted|broken|unexpectedly)|\bconnection ?(?:reset|refused|aborted|closed)?error\b|\bapiconnectionerror\b|\bconnecterror\b|\b(?:server|remote|peer|remote end)\b.{0,24}\b(?:disconnected|closed|hung up)\b|\bremote(?:protocol|disconnected)|\bincomplete ?(?:chunked )?read\b|\bbroken pipe\b|\btcp connect error\b|\berror (?:sending request|trying to connect)\b|\bos error \d|\b(?:host|destination|address) (?:is )?unreachable\b|\bunexpected (?:eof|end of (?:file|stream))\b|\beof (?:occurred|error)|: eof$|\bgoaway\b|\bstream error: stream id\b|\brequest to\s{1,4}failed, reason\b|\bclient(?:os|connect\w{0,12}|payload)error\b|\bdropped\b.{0,12}\bsocket\b|\breceived from peer\b|\brst_stream\b|\bpremature (?:close|end)\b|\bmax retries exceeded with url\b|\burlopen error\b|\bproxy(?:error| error| connect| authentication)|\bappears to be offline\b|\bnet::err_|\b(?:read|write)error\b|\bhttp2?\b.{0,20}\bstream (?:error|reset|closed)|\bsocket (?:was |is |has been )?(?:closed|disconnected|not connected)|\bsending request$|\bwebsocket\b.{0,40}\b(?:not connected|failed|connect error|abnormal)|\bcode:? 1006\b/,
    'network_error',
  ],
];

/** A body that ended too early, in the words of aiohttp, which calls its own finding a 400. */
export const CUT_OFF: RegExp =
  /\bresponse payload is not completed\b|\bnot enough data to satisfy\b|\b(?:transferencoding|contentlength|clientpayload)error\b/;

/** Words of client libraries for a connection that was never made: no service answers with them. */
export const NOBODY_ANSWERED: RegExp =
  /\bfailed to connect to all addresses\b|\bnewconnectionerror\b|\bfailed to establish a new connection\b|\bconnecttimeouterror\b|\bcannot connect to (?:api|host)\b|\bunable to connect to the remote server\b|\u65e0\u6cd5\u8fde\u63a5/;

/** What a lower-case sentence says about the connection, or undefined. */
export function kindOfNetworkWords(words: string): Kind | undefined {
  return WORDS.find(([pattern]) => pattern.test(words))?.[1];
}
