# The patterns of the parser are compiled by the build and embedded: compiling them takes a second at each
# start. compile_matchers links the parser itself, with an empty table in the place of the one that it
# is to fill, so that build and program can not disagree about what the patterns are.
add_executable(compile_matchers cmake/compile_matchers.c cmake/no_matchers.c cmake/no_likeness.c)
set_target_properties(compile_matchers bounced_parser bounced_parser_notice bounced_parser_reason bounced_parser_mail
  PROPERTIES BOUNCED_NO_MATCHERS ON BOUNCED_NO_LIKENESS ON)
target_link_libraries(compile_matchers PRIVATE bounced_parser)

set(matchers ${CMAKE_BINARY_DIR}/matchers/original_anchors.hsdb ${CMAKE_BINARY_DIR}/matchers/first_anchors.hsdb
  ${CMAKE_BINARY_DIR}/matchers/last_anchors.hsdb ${CMAKE_BINARY_DIR}/matchers/rules.hsdb)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/matchers)
add_custom_command(OUTPUT ${matchers} COMMAND compile_matchers ${matchers} DEPENDS compile_matchers VERBATIM
  COMMENT "Compiling the patterns of the parser")
add_library(bounced_matchers STATIC)
bounced_embed_files(bounced_matchers matchers_embedded ${matchers})
target_link_libraries(bounced_parser_match INTERFACE
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:BOUNCED_NO_MATCHERS>>>:bounced_matchers>)

# What refusals are like is learnt by the build from the golden cases and from lists of replies, by the parser itself, so that
# what is learnt and what is asked are read in one way. The lists are regression tests as well (tests/unit/parser/test_replies.c).
add_executable(learn_likeness cmake/learn_likeness.c cmake/no_matchers.c cmake/no_likeness.c)
set_target_properties(learn_likeness PROPERTIES BOUNCED_NO_MATCHERS ON BOUNCED_NO_LIKENESS ON)
target_link_libraries(learn_likeness PRIVATE bounced_parser)

file(GLOB replies CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/parser/rules/replies/*.tsv)
list(SORT replies)
set(likeness ${CMAKE_BINARY_DIR}/likeness/likeness.weights)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/likeness)
add_custom_command(OUTPUT ${likeness} COMMAND learn_likeness ${likeness} ${replies} DEPENDS learn_likeness ${replies} VERBATIM
  COMMENT "Learning what refusals are like")
add_library(bounced_likeness STATIC)
bounced_embed_files(bounced_likeness likeness_embedded ${likeness})
target_link_libraries(bounced_parser_reason INTERFACE
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:BOUNCED_NO_LIKENESS>>>:bounced_likeness>)
