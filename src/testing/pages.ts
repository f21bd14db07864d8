const STYLE =
  '*{margin:0;padding:0}html,code{font:15px/22px arial,sans-serif}html{background:#fff;color:#222;padding:15px}body{margin:7% auto 0;max-width:390px;min-height:180px;padding:30px 0 15px}* > body{background:url(//www.google.com/images/errors/robot.png) 100% 5px no-repeat;padding-right:205px}p{margin:11px 0 22px;overflow:hidden}ins{color:#777;text-decoration:none}a img{border:0}';

const TITLES: Readonly<Record<number, readonly [title: string, sentence: string]>> = {
  403: ['Forbidden', 'Your client does not have permission to get URL <code>/</code> from this server.'],
  404: ['Not Found', 'The requested URL was not found on this server.'],
  413: ['Request Entity Too Large', 'Your client issued a request that was too large.'],
  429: ['Too Many Requests', 'We have received too many requests from you. Try again later.'],
};

const SERVER_ERROR: readonly [string, string] = [
  'Server Error',
  'The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.',
];

/** A page of Google's front end: what answers when the request never reached Gemini. */
export function frontEndPage(status: number): string {
  const [title, sentence] = TITLES[status] ?? SERVER_ERROR;
  return `<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <meta name=viewport content="initial-scale=1, minimum-scale=1, width=device-width">
  <title>Error ${status} (${title})!!1</title>
  <style>
    ${STYLE}
  </style>
  <a href=//www.google.com/><span id=logo aria-label=Google></span></a>
  <p><b>${status}.</b> <ins>That\u2019s an error.</ins>
  <p>${sentence}  <ins>That\u2019s all we know.</ins>
`;
}

/** The page for addresses that look like robots: 'Sorry...'. */
export function sorryPage(): string {
  return `<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"/><title>Sorry...</title></head><body><div><b>Sorry...</b><p>We're sorry but your computer or network may be sending automated queries. To protect our users, we can't process your request right now.</p><p>See <a href="https://support.google.com/websearch/answer/86640">Google Help</a> for more information.</p></div></body></html>`;
}
