/* core/return_path.h -- a token within an address, whatever mail systems have written around it.
 * Knows: where a token may stand: alone; behind or before a tag (`news+b1.…`, RFC 5233); behind a BATV signature
 * (`prvs=KDDDSSSSSS=b1.…`, draft-levine-smtp-batv-01; `btv1==TAG==b1.…`); within a rewritten sender (`SRS0=HHH=TT=DOMAIN=b1.…`,
 * `SRS1=HHH=FORWARDER==HHH=TT=DOMAIN=b1.…`), whose domain is then the one inside. Letters in any case. Does not know keys:
 * whether a token is good is asked of its signature, which no wrapping changes. Pure. */
#pragma once
#include "core/str.h"

enum { RETURN_PATH_TOKEN_BYTES = 37 }; /* "b1." and 34 of base32 */

/* Both borrow from `address`. False: no token in it. */
bool return_path_token(struct str address, struct str *ret_token, struct str *ret_domain);
