# One static library per room or floor of one, of all .c files in its folder; its link line is the room's arrows.
# parser/text is bounced_parser_text.
function(bounced_room room)
  string(REPLACE "/" "_" target bounced_${room})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/*.c)
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  if(NOT sources)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARGN})
    return()
  endif()
  add_library(${target} STATIC ${sources})
  # What libbounced-parser is made of can stand at any address, and shows nothing by itself.
  if(room MATCHES "^(core|parser|parser/.*|ingest/mailbox|library)$")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  endif()
  target_link_libraries(${target} PUBLIC ${ARGN})
endfunction()

# Files as bytes in the program: `<table>` is an array of struct embedded_file (core/embedded.h), sorted
# by name and ended by an empty name. The assembler includes the bytes, so no generator has to quote them.
function(bounced_embed target table)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  set(patterns ${ARGN})
  list(TRANSFORM patterns PREPEND ${CMAKE_SOURCE_DIR}/)
  file(GLOB files CONFIGURE_DEPENDS ${patterns})
  list(SORT files)
  bounced_embed_files(${target} ${table} ${files})
endfunction()

# The same with files by their paths, which the build may have yet to make.
function(bounced_embed_files target table)
  set(files ${ARGN})
  set(data "")
  set(rows "")
  set(number 0)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    string(APPEND data "L${number}_name: .asciz \"${name}\"\n    .balign 64\nL${number}_bytes: .incbin \"${file}\"\nL${number}_end: .byte 0\n")
    string(APPEND rows "    .quad L${number}_name, L${number}_bytes, L${number}_end - L${number}_bytes\n")
    math(EXPR number "${number} + 1")
  endforeach()
  set(out ${CMAKE_BINARY_DIR}/${table}.S)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"    .section .rodata
${data}
    .section .data.rel.ro,\"aw\"
    .balign 8
    .globl ${table}
    .type ${table}, %object
${table}:
${rows}    .quad 0, 0, 0
    .size ${table}, . - ${table}
    .section .note.GNU-stack,\"\",%progbits
")
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${out})
endfunction()
