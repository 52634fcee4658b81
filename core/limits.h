/* core/limits.h -- every bound on what a peer can make us do, each with its reason.
 * Bounds that an operator may want to move are settings (config.def) with these as their ceilings. */
#pragma once

/* Messages and envelopes */
#define LIMIT_MESSAGE_BYTES      (64u << 20) /* ceiling of smtp.max_message_bytes; a spool segment */
#define LIMIT_FORWARD_PATHS      1000u       /* ceiling; RFC 5321 4.5.3.1.8 wants at least 100 */
#define LIMIT_LOCAL_PART_BYTES   252u        /* what a path holds; RFC 5321 4.5.3.1.1 says 64, and VERP passes that */
#define LIMIT_DOMAIN_BYTES       255u        /* 4.5.3.1.2 */
#define LIMIT_PATH_BYTES         256u        /* 4.5.3.1.3, angle brackets included */
#define LIMIT_COMMAND_LINE_BYTES 2048u       /* 4.5.3.1.4 says 512; DSN and SMTPUTF8 add to it */
#define LIMIT_COMMAND_JUNK_BYTES 8192u       /* a "line" beyond this is no mistake: close */
#define LIMIT_ENVID_BYTES        100u        /* RFC 3461 4.4, as sent */
#define LIMIT_ORCPT_BYTES        500u        /* 4.2, as sent */
#define LIMIT_PROXY_V1_BYTES     107u        /* PROXY protocol, 2.1: the longest line */
#define LIMIT_PEM_BYTES          (1u << 20)  /* a certificate chain, a key */
#define LIMIT_RECEIVED_FIELDS    100u        /* 6.3: a loop beyond this */
#define LIMIT_FRAME_BYTES        (LIMIT_MESSAGE_BYTES + (1u << 20)) /* message and its envelope */

/* What of a message is read. GMime 3.2 needs each of these (docs/architecture.md has the measures). */
#define LIMIT_MIME_BYTES         (2u << 20)  /* a bounce tells its story in the first of these */
#define LIMIT_MIME_DEPTH         32u         /* nested boundaries cost GMime quadratic time */
#define LIMIT_MIME_PARTS         1000u       /* a million empty parts cost it 1.28 GB */
#define LIMIT_HEADER_FIELDS      1000u       /* per part; a million cost 519 MB */
#define LIMIT_HEADER_FIELD_BYTES (16u << 10) /* its address parser recurses: 100 kB end the stack */
#define LIMIT_HEADER_BLOCK_BYTES (256u << 10)
#define LIMIT_TEXT_BYTES         (512u << 10) /* decoded text of one part that is searched */
#define LIMIT_DSN_BLOCKS         1001u        /* one for the message, one per recipient */
#define LIMIT_EVENTS             1000u      /* recipients of one message; the peer can forge them */
#define LIMIT_DIAGNOSTIC_BYTES   4096u      /* Diagnostic-Code as kept; longer ones are cut */
#define LIMIT_FIELD_TEXT_BYTES   1024u      /* subject, message id and other kept text */
#define LIMIT_ADDRESS_BYTES      320u       /* 64 + 1 + 255 */
#define LIMIT_RULES_BYTES        (4u << 20) /* a rules file */
#define LIMIT_TRIED_RULES_BYTES  16384u      /* rules that POST /v1/classify tries */
#define LIMIT_RULES              20000u     /* rules in all files together */
#define LIMIT_LEXICON_WORDS      40000u     /* words in all files together, each spelling */
#define LIMIT_ACCOUNT_BYTES      (64u << 10) /* how a verdict came about, for a person */
#define LIMIT_FRAMES             2000u       /* frames in all files together */

/* HTTP */
#define LIMIT_HTTP_HEADER_BYTES (16u << 10)
#define LIMIT_HTTP_BODY_BYTES   (1u << 20)  /* unless the route says more */
#define LIMIT_HTTP_MAIL_BYTES   (10u << 20) /* where the body is a message */
#define LIMIT_HTTP_WASTE_BYTES  (16u << 20) /* read of a refused body, so that its answer arrives */
#define LIMIT_PAGE_ROWS         1000u
#define LIMIT_VOLUME_ROWS       10000u /* rows of one POST /v1/volumes */
#define LIMIT_JUDGED_STRIKES    1000u /* events of one address that are judged together, the newest */
#define LIMIT_SUPPRESSION_ROWS  10000u /* addresses of one check, rows of one import */

#define LIMIT_FORMAT_ODD_KEYS   250000u /* addresses of a list that are remembered, as their doubles stand elsewhere */
#define LIMIT_IMPORT_RECORD_BYTES (64u << 10) /* a line of a list, or a CSV record of several; longer ones are refused */
#define LIMIT_IMPORT_FIELDS     64u /* of one record; Mailchimp's have some twenty and the merge fields */
#define LIMIT_IMPORT_FLAWS      1000u /* refused lines that are told of; all are counted */
#define LIMIT_HTTP_IMPORT_BYTES (16u << 20) /* a list over HTTP; larger ones go by the command */

/* Logs of mail systems */
#define LIMIT_LOG_LINE_BYTES                                                                       \
	(64u << 10)               /* a line of many recipients; longer ones are counted, not read */
#define LIMIT_LOG_ID_BYTES    64u /* a queue id; Haraka's have 40 */
#define LIMIT_LOG_TAG_BYTES   128u        /* the program's name in a syslog line */
#define LIMIT_LOG_MAILS       100000u     /* mails under way that are remembered */
#define LIMIT_LOG_MAILS_BYTES (64u << 20) /* and their bytes */
#define LIMIT_LOG_FILES       1000u       /* of one log, that rotation left or a folder holds */
#define LIMIT_LOG_WAITING     1000u       /* recipients of one mail that are remembered */

/* Mailboxes on other servers */
#define LIMIT_FETCH_LINE_BYTES (4u << 20) /* a SEARCH of half a million messages is one line */
#define LIMIT_FETCH_MESSAGES   100000u    /* of one run; the next takes more */
#define LIMIT_FETCH_PASSWORD   1024u      /* bytes of a password file */

/* Configuration */
#define LIMIT_CONFIG_BYTES       (1u << 20)
#define LIMIT_CONFIG_VALUE_BYTES 4096u
