/* api/handle/metrics_text_priv.h -- families of /metrics that need no database, in the text format of Prometheus 0.0.4: what the
 * api role counts itself, what stands in the pages of the spool's lanes, what the supervisor tells.
 * Knows: that format, spool/meter.h. Labels are of closed lists, or of this node's own lanes. */
#pragma once
#include "api/handle/handle.h"

void metrics_family(struct buf *out, const char *name, const char *type, const char *help);
void metrics_put_build(struct buf *out);
/* A lane that nobody has written to yet is left out. */
void metrics_put_lanes(const struct handle *handle, struct buf *out);
/* NULL: nothing. */
void metrics_put_node(const struct node_page *node, struct buf *out);
void metrics_put_requests(const struct metrics *metrics, struct buf *out);
