# The patterns of the parser are compiled by the build and embedded: compiling them takes a second at each
# start. compile_matchers links the parser itself, with an empty table in the place of the one that it
# is to fill, so that build and program can not disagree about what the patterns are.
add_executable(compile_matchers cmake/compile_matchers.c cmake/no_matchers.c)
set_target_properties(compile_matchers bounced_parser bounced_parser_notice bounced_parser_reason bounced_parser_mail
  PROPERTIES BOUNCED_NO_MATCHERS ON)
target_link_libraries(compile_matchers PRIVATE bounced_parser)

set(matchers ${CMAKE_BINARY_DIR}/matchers/original_anchors.hsdb ${CMAKE_BINARY_DIR}/matchers/first_anchors.hsdb
  ${CMAKE_BINARY_DIR}/matchers/last_anchors.hsdb ${CMAKE_BINARY_DIR}/matchers/rules.hsdb)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/matchers)
add_custom_command(OUTPUT ${matchers} COMMAND compile_matchers ${matchers} DEPENDS compile_matchers VERBATIM
  COMMENT "Compiling the patterns of the parser")
add_library(bounced_matchers STATIC)
bounced_embed_files(bounced_matchers matchers_embedded ${matchers})
target_link_libraries(bounced_parser_text INTERFACE
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:BOUNCED_NO_MATCHERS>>>:bounced_matchers>)
