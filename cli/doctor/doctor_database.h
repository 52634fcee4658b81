/* cli/doctor/doctor_database.h -- what the database tells: its schema, its clock, who fell silent, lists that are not written.
 * Knows: the store's verbs. Reads, and changes nothing. */
#pragma once
#include "cli/doctor/checkup.h"

void doctor_database(struct checkup *checkup);
