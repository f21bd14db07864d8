import type { Kind } from './kinds.ts';

export type TextRule = readonly [pattern: RegExp, kind: Kind];

// Read top to bottom, the first that fits decides. All read lower case without addresses (plain-text.ts). Patterns name
// the words that a thing cannot be said without, not sentences: Google rewords its sentences every few months.

/** Google quotes the request back behind these words, so a prompt could make itself look like any other failure. */
export const QUOTES_THE_REQUEST: RegExp =
  /^\W{0,4}(?:\d{3}\W{1,3})?(?:bad request\W{1,3}|invalid_argument\W{1,3})?(?:invalid (?:json payload|value at|request payload)|unknown name|cannot (?:bind|find field)|proto field is not|\* generatecontentrequest)/;

/** Front-end pages that refuse the address of the server, whatever API it calls. */
export const ADDRESS_REFUSED: readonly TextRule[] = [
  [
    /\bautomated (?:queries|requests|traffic)\b|\bunusual traffic\b|\byour client does not have permission to get\b/,
    'ip_blocked',
  ],
];

/** Money. Not "check your plan and billing details", which Google writes under every quota. */
export const MONEY: readonly TextRule[] = [
  [
    /\bpre-?pa(?:id|yment|y)\b.{0,40}\b(?:deplet|exhaust|empty|used|insufficient|zero|run out|ran out)|\bcredits?\b.{0,30}\b(?:deplet|exhaust|empty|used up|insufficient|expired|run out|ran out)|\b(?:insufficient|not enough|out of|no) (?:\w+ )?(?:credits?|balance|funds)\b|\bpayment (?:is )?(?:required|overdue|failed)|\bspend(?:ing)?\b.{0,12}\b(?:cap|limit|budget)s?\b|\bbilled (?:users?|accounts?|projects?|customers?)\b|\bonly (?:accessible|available|offered|open|supported|enabled) (?:to|for|on|in|with) (?:\w+ )?(?:billed|paid|paying|billing)\b/,
    'billing',
  ],
  [
    /\bbilling\b.{0,60}\b(?:enabled?|disabled|closed|delinquent|past due|inactive|suspended|not active|not set up|required)\b|\b(?:enable|requires?|set up|link|activate|without|no) (?:\w+ ){0,2}billing\b/,
    'billing',
  ],
];

/** Whose account, key and country: decided before sizes and models, and whatever the status says. */
export const IDENTITY: readonly TextRule[] = [
  [
    /\b(?:has been|is|was|been|account|project|consumer|user|key\W{0,40}) suspended\b|\bsuspended\b.{0,40}\b(?:account|project|consumer)|\b(?:project|account|consumer|user|organization)\b.{0,60}\b(?:denied access|deactivated|terminated|banned|has been (?:deleted|disabled)|invalid consumer|is invalid)\b|\bviolat\w+\b.{0,40}\bterms of service|\bterms of service\b.{0,40}\bviolat/,
    'account_suspended',
  ],
  [
    /\bhas not been used in (?:the |your )?project\b|\bapi\b.{0,60}\b(?:is|has|been|was) (?:not |not been |been )?(?:disabled|enabled|activated)\b.{0,60}|\bapi\b.{0,80}\b(?:to|must|should) be enabled\b|\bor it is disabled\b|\benable (?:the |this )?(?:\w+ ){0,4}api\b|\benable it by visiting\b|\bservice\b.{0,40}\b(?:is )?(?:disabled|not enabled)\b.{0,30}\b(?:consumer|project)/,
    'service_disabled',
  ],
  [
    /\b(?:user|client|caller|server|billing|your) (?:location|country|region|territory|jurisdiction)\b|\blocation is not supported\b|\b(?:in|from|for) (?:your|this|that|the) (?:billing )?(?:location|country|territory|jurisdiction)\b|\bcountry,? (?:or )?(?:region|territory)|\bunsupported_country|\b(?:unsupported|restricted) (?:country|territory|location)\b|\bregion\b.{0,20}\bnot supported\b.{0,30}\bapi use\b/,
    'location_unsupported',
  ],
  // A restriction on the key is a permission, although the sentence speaks of the key.
  [
    /\brequests? (?:from|to)\b.{0,200}\bblocked\b|\b(?:referr?er|ip[ -]?address|application|api) restrictions?\b|\bviolates this restriction\b|\bunrestricted\b.{0,30}\bkeys?\b|\bkeys?\b.{0,30}\b(?:un)?restricted\b|\bpermission '?[\w.]{3,80}'? denied\b|\bdenied on resource\b|\binsufficient (?:authentication |oauth2? )?scopes?\b|\bscopes? (?:is |are )?insufficient\b/,
    'permission_denied',
  ],
  [
    /(?:\b|_)(?:api|auth\w{0,20})?[ _-]?keys? (?:is |was |are |has |have |been |has been )?(?:not |un)?(?:valid|invalid|expired|missing|found|provided|leaked|reported|disabled|revoked|deleted|empty|required|set|configured|incorrect|malformed|wrong|supported|specified|supplied)\b|\b(?:invalid|missing|expired|incorrect|wrong|malformed|no|bad|valid|illegal|unknown|revoked|leaked|specify|provide|pass|supply|set|renew|requires?|needs?)\W{1,3}(?:an? |the |your |valid |\w+ )?api[ _-]?key\b|\bapi[ _-]?keys?\b.{0,20}\b(?:must|should|needs? to|has to) be\b|\breported as leaked\b|\bleaked\b.{0,40}\bkey\b/,
    'invalid_credentials',
  ],
  [
    /\bunauthenticated\b|\bunauthori[sz]ed\b|\bauthentication (?:credentials?|failed|failure|required|error|token|is required)\b|\b(?:default|application|auth|login|valid|missing|invalid|determine|refresh|required|no|gcloud|adc)\W{1,2}credentials?\b|\bcredentials?\b.{0,40}\b(?:not found|missing|invalid|expired|could not|not be|required|were not)\b|\bcredentials?_missing\b|\b(?:access|id|refresh|bearer|auth|oauth2?|jwt|security)[ _-]token\b.{0,40}\b(?:expired|invalid|missing|revoked|not valid|required|malformed|could not|failed|unsupported)\b|\b(?:expired|invalid|missing|revoked|could not refresh|failed to (?:get|retrieve|refresh|obtain)|expected) (?:an? |the |your )?(?:access|id|refresh|bearer|auth|oauth ?2?)[ _-]?(?:access )?token\b|\binvalid_grant\b|\binvalid_client\b|\bunregistered callers?\b|\bestablished identity\b|\breauth\w*|\bmetadata from plugin failed\b|\bnot logged in\b|\boauth ?2? access token\b|\bkey file\b.{0,30}\bnot\b|\binvalid jwt\b/,
    'invalid_credentials',
  ],
];

/** What the visitor's input or the developer's request can be too much of. */
export const SIZES: readonly TextRule[] = [
  [
    /\btokens?\b.{0,20}\bcounts?\b.{0,60}\b(?:exceed|greater|larger|more than|over|above|beyond|too)|\b(?:input|prompt|context|content|request|total|message)\b.{0,30}\btokens?\b.{0,60}\b(?:exceed|greater|larger|more than|too many|too long)|\btoken count\b.{0,60}\b(?:only|at most|up to|limit|max\w*)\b|\bexceed\w*\b.{0,60}\b(?:context|maximum (?:number of |input |context )?tokens?|token limit|max(?:imum)? tokens?|input tokens?|tokens? allowed)\b|\bcontext[ _-]?(?:window|length|size|limit)\b.{0,60}\b(?:exceed|too|limit|max|only|reached|full)|\b(?:too (?:many|long)|longer than)\b.{0,30}\b(?:tokens?|context)\b|\b(?:prompt|input|context|conversation|history)\b.{0,12}\b(?:is |are )?too (?:long|large|big)\b|\bcontext_length_exceeded\b|\btokens?\b.{0,30}\bexceeds? the (?:limit|max|model|context)/,
    'context_too_long',
  ],
  [
    /\b(?:payload|body|entity|request|content|file|message|upload|header|url|data|image|video|audio|document|attachment)\b.{0,24}\b(?:is |was )?too (?:large|big|long)\b|\btoo (?:large|big)\b.{0,24}\b(?:payload|body|request|entity|file)\b|\bsize\b.{0,30}\bexceed|\bexceed\w*\b.{0,40}\b(?:size|bytes|[kmg]i?b)\b|\b(?:maximum|max) (?:allowed )?(?:payload|request|body|file|message|upload|content) (?:size|length)\b|\blarger than\b.{0,30}\b(?:max|bytes|[kmg]i?b\b|limit)|\bmax is \d+ bytes\b/,
    'payload_too_large',
  ],
];

/** Policy, said in a sentence. A prompt was refused, or else an answer was stopped. */
const POLICY =
  '(?:\\bblocked (?:by|due|for|because|as|with|on account)\\b|\\bblock(?:ed)?_?reason\\b|\\bresponsible ai\\b|\\brai[ _-]?(?:filter\\w*|reason\\w*|media)|\\bsafety (?:filter|polic|setting|reason|system|guideline|violation|concern|check|review|attribute)\\w*|\\bprohibited[ _](?:content|use)\\b|\\b(?:sensitive|prohibited|forbidden|blocked|harmful|unsafe|inappropriate|objectionable|explicit) (?:words?|contents?|terms?|materials?|topics?)\\b|\\bmodel ?_?armor\\b|\\bcontent[ _](?:polic\\w+|filter\\w*|moderation)\\b|\\bviolat\\w+\\b.{0,60}\\b(?:polic\\w+|guidelines?|usage|principles|filters?|rules)\\b|\\b(?:polic\\w+|guidelines?|usage)\\b.{0,40}\\bviolat|\\bjailbreak\\b|\\brecitation\\b|\\bblocklist\\b|\\bspii\\b|\\bimage_(?:safety|recitation|other|prohibited_content)\\b|\\bfiltered out\\b|\\b(?:response|candidate|prompt|content|image|answer|output|input|request|message|text)s? (?:was |were |is |are |has been |have been |got |being )?(?:blocked|filtered|flagged|moderated)\\b|\\bgeneration\\b.{0,12}\\bblocked\\b|\\bcopyright\\w{0,20})';

export const POLICIES: readonly TextRule[] = [
  [
    /\bprompts? (?:was |were |is |are |has been |got )?(?:blocked|filtered|flagged|rejected|refused)\b/,
    'blocked_prompt',
  ],
  // "The response was blocked because the prompt..." is about the prompt as well: it will be refused again.
  [
    new RegExp(
      `${POLICY}.{0,200}\\b(?:prompts?|inputs?|requests?|submitted)\\b|\\b(?:prompts?|inputs?|promptfeedback|block(?:ed)?_?reason|submit)\\b.{0,200}${POLICY}`,
    ),
    'blocked_prompt',
  ],
  [new RegExp(POLICY), 'blocked_response'],
];

export const MEDIA: readonly TextRule[] = [
  // Before the media themselves: it will be fine in a moment.
  [
    /\bnot (?:yet )?(?:in )?(?:an? |the )?\W?(?:active|ready|processed)\b|\b(?:is|are|being|still|currently|state:?) \W?process(?:ing|ed)\b|\bin (?:the )?processing\b|\bactive\b\W.{0,30}\bprocessing\b|\bservice agents? (?:are|is) being provisioned\b/,
    'resource_not_ready',
  ],
  // Files and caches belong to a project and end: Google answers 403 or 404, and words it as a permission.
  [
    /\b(?:files?|cached? ?contents?|caches?|uploads?|attachments?|interactions?|operations?|sessions?)\b(?!\.).{0,100}\b(?:not found|not exist|no longer(?! (?:support|accept|allow|work))|expired|permission|deleted|could not be found|inaccessible)\b|\b(?:permission|not found|not exist|expired|unknown|access)\b.{0,60}\b(?:the |to )?(?:files?\b(?! ?path)|cached? ?contents?\b|files\/)/,
    'resource_not_found',
  ],
  [
    /(?<!\bresponse[ _-]?)\bmime[ _-]?types?\b|\b(?:unsupported|invalid|unknown|unrecogni[sz]ed|corrupt\w*|bad|malformed|empty|unreadable|broken) (?:\w+ )?(?:image|media|video|audio|pdf|document|file|picture|attachment)s?\b|\b(?:image|media|video|audio|pdf|document|file|picture|attachment)s?\b(?! (?:generation|editing|output|config|size|quality|aspect)).{0,40}\b(?:(?:is|are|was|were|be|appears?|seems?)(?: to be)? (?:not |in|un)?(?:valid|corrupt\w*|supported|readable|empty|broken|damaged|malformed|encrypted|password)|unsupported|not supported|invalid|too short|no pages|format|corrupt\w*|cannot be|could not be|can't be)\b|\b(?:unable to|cannot|can't|failed to|could ?n[o']t|error) (?:\w+ )?(?:process\w*|read\w*|decod\w*|fetch\w*|download\w*|open\w*|load\w*|pars\w*|retriev\w*|access\w*|extract\w*) .{0,40}\b(?:image|media|video|audio|pdf|document|file|content|url|uri|link|picture)s?\b(?<!\bnon-\w{3,8})|\bdoes(?: not|n't) support (?:\w+ )?(?:images?|audio|videos?|pdfs?|files?|documents?|media|attachments?)\b(?! (?:generation|editing|output|config|size|quality|aspect))|\bthumbnailer\b|\burl_[a-z]+|\brobots\.txt\b|\binput modality\b|\bno pages\b|\bbase64\b/,
    'unsupported_media',
  ],
];

export const MODELS: readonly TextRule[] = [
  [
    /\bmodels?\b(?! armor).{0,160}\b(?:not found|not exist|no longer|deprecat\w+|retired|shut ?down|turned down|discontinued|decommissioned|sunset|removed|unknown|not available|unrecogni[sz]ed|not supported (?:for|in|with|by) (?:\w+ )?(?:generatecontent|embedcontent|countt|bidi|predict|generate|stream|batch|method|api|version|v1|interactions|this (?:api|method|endpoint)))|\b(?:unknown|invalid|no such|unrecogni[sz]ed|unsupported|nonexistent|unavailable) (?:\w+ )?model\b(?! (?:param|output|response))|\bnot found for api version\b|\bcall list ?_?models\b|\bonly supports? (?:the )?\w+ (?:api|method|endpoint)\b|\bpublisher model\b|\bplease (?:use|migrate to|switch to|update) .{0,60}\bnewer model|\bunexpected model name\b|\bdoes not support (?:the )?(?:generatecontent|embedcontent|bidigeneratecontent|counttokens|batch\w*|predict\w*|stream\w*content)\b/,
    'model_not_found',
  ],
];

/** How Google's own side failed; read after everything that somebody could cure. */
export const HEALTH: readonly TextRule[] = [
  [/\bcancell?ed\b/, 'upstream_cancelled'],
  [
    /\bnot (?:been )?implemented\b|\bunimplemented\b|\bnot implemented,? or supported,? or enabled\b/,
    'not_implemented',
  ],
  [/\bdeadline\b|\btimed? ?out\b|\btimeout\b|\btook too long\b/, 'upstream_timeout'],
  [
    /\b(?:service|server|backend|gateway|api|we|system|upstream|currently|temporarily|is)\b.{0,30}\b(?:unavailable|down|not available)\b|\bbad gateway\b|\btemporary error\b|\bno healthy upstream\b|\bupstream connect error\b|\bservice unavailable\b/,
    'upstream_unavailable',
  ],
  [
    /\binternal (?:server )?(?:error|failure)\b|\binternal error encountered\b|\bunknown error\b|\bunexpected error\b|\ban error occurred\b/,
    'upstream_internal',
  ],
];

/** What parsers say when they were given no answer of Gemini's. */
export const UNPARSED: readonly TextRule[] = [
  [
    /\bincomplete json\b|\bjson segment\b|\bparsing stream chunk\b|\bunexpected (?:end of (?:json|data)|token|non-whitespace|identifier|character)|\bin json at position\b|\bnot valid json\b|\b(?:invalid|unexpected|wrong|missing) content[- ]?type\b|\bunexpected json\b|\bexpected start of the (?:object|array)\b|\bjson(?:decode|parse)?error\b|\bunterminated string\b|\bexpecting value\b|\blooking for beginning of value\b|\b(?:failed|unable|could not|cannot|error) (?:to )?(?:pars\w+|decod\w+|deserializ\w+) .{0,40}\b(?:response|json|stream|chunk|body|answer)\b|\b(?:invalid|malformed|truncated|incomplete|garbled) (?:json|response|stream|chunk|sse)\b/,
    'invalid_response',
  ],
];

/** What a useless answer is called by clients that looked into it. */
export const OUTPUT: readonly TextRule[] = [
  [
    /\b(?:malformed|invalid|unexpected|unknown|too many|unparsable|hallucinated)[_ ](?:tool|function)[_ ]?calls?\b|\bmalformed_(?:function_call|response)\b|\bmissing_thought_signature\b|\bmalformed response\b/,
    'bad_model_output',
  ],
  [
    /\bmax_tokens\b|\bmaximum (?:number of )?(?:output )?tokens? (?:was |were |is )?(?:reached|hit)|\b(?:reached|hit) (?:the )?(?:max\w*|output|token)\b.{0,30}\b(?:tokens?|limit|length)\b|\btruncated\b|\bmaxoutputtokens\b.{0,30}\breached/,
    'truncated',
  ],
  [
    /\b(?:empty|no|without|zero|missing|null) (?:\w+ ){0,3}(?:response|candidates?|content|answer|output|completion|parts?|text|image)s?\b.{0,60}|\bno_image\b|\b(?:response|candidate|content|model)\w* (?:\w+ ){0,2}(?:was|is|are|returned|contains?|has|had|did not|didn't)\b.{0,30}\b(?:empty|no (?:content|text|parts?|candidates?|data|output|image)|nothing|return any)\b|\bdid not return (?:any|a)\b/,
    'empty_response',
  ],
  [/\bstream (?:has |was |is )?(?:ended|closed|cut|interrupted|terminated)\b/, 'invalid_response'],
];

/** Checks of SDKs before anything was sent, and Google's of fields: a request that nobody could have answered. */
export const REQUEST: readonly TextRule[] = [
  [
    /\b(?:is|are|was) (?:required|not specified|only supported|not supported|not enabled|unsupported|mandatory|invalid|not defined|not allowed|deprecated)\b|\bmust (?:not )?(?:be|have|contain|specify|include|match|set|start|end|provide|use|alternate)\b|\bshould (?:not )?(?:be|have|contain|not)\b|\b(?:not supported|unsupported|invalid|unknown|unrecogni[sz]ed|unexpected|malformed|illegal|missing|duplicate|incompatible|conflicting|ambiguous) (?:\w+ ){0,2}(?:param\w*|arguments?|fields?|values?|names?|roles?|options?|types?|schemas?|config\w*|properties|property|format|input|request|tools?|part|turn|uri)\b|\binvalid argument\b|\bcannot be (?:used|set|both|empty|null|combined|specified)\b|\bnot supported\b|\bdoes not support\b|\bplease (?:ensure|use|provide|add|set|check|specify|remove)\b|\bfunction (?:call|response) (?:turn|parts?)\b|\bout of range\b|\bsupported range\b|\bunable to submit request\b|\bschema\b/,
    'invalid_request',
  ],
];

/** Google's own words for a bad request, whatever the client says around them. */
export const BARE_INVALID: RegExp = /\binvalid[ _]argument\b|\bgeneratecontentrequest\./;

/** How the Files API and the cache name what they hold. */
export const FILE_NAME: RegExp = /\b(?:files|cachedcontents)\/[\w-]{4,}/;

/** What to do about a refusal is not what was refused. */
export const ADVICE: RegExp =
  /\b(?:try )?(?:rephras\w+|reword\w*|modify\w*|revis\w+|edit\w*|chang\w+|adjust\w*) (?:the|your|this) (?:prompt|input|request)s?\b/g;

/** A WebSocket that was closed for a reason. */
export const CLOSE_CODE: RegExp =
  /\b(?:received|sent|closed?|code|websocket|setup failed)\b\W{0,3}(?:\w{1,20} ){0,2}\W{0,2}(?:code\W{0,3})?10(?:0[0178]|11|13)\b/;

/** A bug in this process, whatever library it happened in: nothing was sent, and no service is to blame. */
export const OUR_BUG: RegExp =
  /\bis not (?:a function|iterable|a constructor|callable)\b|\bcannot (?:read|set) propert(?:y|ies) (?:of|')|\b(?:undefined|null) is not an? (?:object|function)\b|\bbefore initialization\b|\bhas no attribute\b|\bunexpected keyword argument\b|\bmissing \d+ required positional\b|\bnullpointerexception\b|\bnil pointer dereference\b|\bobject is not subscriptable\b|\breferenceerror\b/;

/** Google's word for "free tier barred, or a batch on an unpaid project": its table says to enable billing. */
export const BARE_PRECONDITION: RegExp = /^\W*(?:\d{3}\W+)?(?:failed_precondition\W+)?precondition check failed\W*$/;
