# libbounced-parser: what parser/ can do, for programs of others (docs/library.md). Two components: `library` is what such a
# program needs when it runs, `dev` what it needs when it is built.
include(GNUInstallDirs)
# GNUInstallDirs knows Debian's folder for each architecture only with the prefix /usr, and the prefix may be told at installation.
if(EXISTS /etc/debian_version AND CMAKE_INSTALL_LIBDIR STREQUAL "lib" AND CMAKE_LIBRARY_ARCHITECTURE)
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE})
endif()

set(library_map ${CMAKE_SOURCE_DIR}/library/bounced_parser.map)
add_library(bounced_parser_shared SHARED $<TARGET_OBJECTS:bounced_library>)
target_link_libraries(bounced_parser_shared PRIVATE bounced_library)
target_link_options(bounced_parser_shared PRIVATE -Wl,--version-script=${library_map} -Wl,--as-needed)
# SOVERSION grows when a program that was built before would not run any more: docs/library.md.
set_target_properties(bounced_parser_shared PROPERTIES OUTPUT_NAME bounced-parser SOVERSION 0 VERSION ${PROJECT_VERSION}
  LINK_DEPENDS ${library_map} PUBLIC_HEADER ${CMAKE_SOURCE_DIR}/library/bounced_parser.h)
install(TARGETS bounced_parser_shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)

file(RELATIVE_PATH BOUNCED_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(library/bounced-parser.pc.in ${CMAKE_BINARY_DIR}/bounced-parser.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/bounced-parser.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
install(FILES docs/examples/failures.c DESTINATION share/doc/libbounced-parser-dev/examples COMPONENT dev)
