/* cli/doctor/doctor_node.h -- this machine: do the roles run, what waits in the spool, is there room on the disk.
 * Knows: the data folder. Does not know the database, the network. Reads, and changes nothing. */
#pragma once
#include "cli/doctor/checkup.h"

/* Roles that are served from the data folder now; 0: none. */
unsigned doctor_node_roles(struct checkup *checkup);
void doctor_node_spool(struct checkup *checkup);
/* The API's certificate, as it stands in its file. */
void doctor_node_api(struct checkup *checkup);
