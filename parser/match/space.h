/* parser/match/space.h -- what a space in a pattern stands for.
 * Squeezed text has single spaces only, and patterns that may rely on it compile to plain words, many times faster. */
#pragma once

enum matcher_space { MATCHER_ONE_SPACE, MATCHER_SPACE_RUN };
