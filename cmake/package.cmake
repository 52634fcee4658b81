# The packages of Debian, one of each component: cpack --config build-release/CPackConfig.cmake -B build-release
#   server   bounced: the server, its commands, units, settings
#   tools    bounced-tools: the commands that need no server
#   library  libbounced-parser0, dev  libbounced-parser-dev: cmake/library.cmake
set(doc share/doc)
find_program(GZIP gzip REQUIRED)

# A manual page and a changelog as Debian wants them: the same bytes from the same text, whenever it is made.
function(bounced_gzip source name)
  set(out ${CMAKE_BINARY_DIR}/packed/${name}.gz)
  add_custom_command(OUTPUT ${out} COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/packed
    COMMAND ${GZIP} -9nc ${source} > ${out} DEPENDS ${source} VERBATIM)
  set(bounced_packed ${bounced_packed} ${out} PARENT_SCOPE)
endfunction()
bounced_gzip(${CMAKE_SOURCE_DIR}/docs/bounced.1 bounced.1)
bounced_gzip(${CMAKE_SOURCE_DIR}/docs/bounced-tools.1 bounced-tools.1)
bounced_gzip(${CMAKE_SOURCE_DIR}/docker/deb/changelog changelog)

# What a shell completes is made by the program that it is for.
foreach(program bounced bounced-tools)
  foreach(shell bash zsh)
    set(out ${CMAKE_BINARY_DIR}/packed/${program}.${shell})
    add_custom_command(OUTPUT ${out} COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/packed
      COMMAND ${program} completion ${shell} > ${out} DEPENDS ${program} VERBATIM)
    list(APPEND bounced_packed ${out})
  endforeach()
endforeach()
add_custom_target(packed ALL DEPENDS ${bounced_packed})

set(packed ${CMAKE_BINARY_DIR}/packed)
function(bounced_install_program program component)
  install(TARGETS ${program} RUNTIME DESTINATION bin COMPONENT ${component})
  install(FILES ${packed}/${program}.1.gz DESTINATION share/man/man1 COMPONENT ${component})
  install(FILES ${packed}/${program}.bash DESTINATION share/bash-completion/completions RENAME ${program} COMPONENT ${component})
  install(FILES ${packed}/${program}.zsh DESTINATION share/zsh/vendor-completions RENAME _${program} COMPONENT ${component})
endfunction()
bounced_install_program(bounced server)
bounced_install_program(bounced-tools tools)

# The folder is the one that earlier packages had: dpkg loses a file that moves between /lib and /usr/lib where they are one.
install(FILES docker/bounced.service docker/bounced.socket DESTINATION lib/systemd/system COMPONENT server)
include(${CMAKE_CURRENT_LIST_DIR}/units.cmake)
install(FILES docker/deb/sysusers.conf DESTINATION lib/sysusers.d RENAME bounced.conf COMPONENT server)
install(FILES docker/deb/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME bounced.conf COMPONENT server)
install(FILES docker/deb/bounced.conf DESTINATION /etc/bounced COMPONENT server)
install(FILES README.md docs/configuration.md docs/api.md docs/report-schema.md docs/spool.md docs/rules.md docs/tokens.md docs/ways-in.md
  docs/logs.md docs/suppression.md docs/exports.md docs/webhooks.md docs/operating.md docs/failover.md docs/nodes.md docs/deviations.md quickstart.conf
  DESTINATION ${doc}/bounced COMPONENT server)
install(FILES docs/rules.md docs/reasons.md docs/report-schema.md DESTINATION ${doc}/bounced-tools COMPONENT tools)
install(FILES docs/library.md docs/rules.md docs/reasons.md docs/report-schema.md DESTINATION ${doc}/libbounced-parser-dev COMPONENT dev)

set(bounced_packages "server=bounced;tools=bounced-tools;library=libbounced-parser0;dev=libbounced-parser-dev")
foreach(pair IN LISTS bounced_packages)
  string(REGEX MATCH "^(.*)=(.*)$" pair ${pair})
  set(component ${CMAKE_MATCH_1})
  set(package ${CMAKE_MATCH_2})
  install(FILES docker/deb/copyright DESTINATION ${doc}/${package} COMPONENT ${component})
  install(FILES ${packed}/changelog.gz DESTINATION ${doc}/${package} RENAME changelog.Debian.gz COMPONENT ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL server tools library dev)
set(CPACK_PACKAGE_NAME bounced)
set(CPACK_PACKAGE_CONTACT "the bounced team <bounced@bounced.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# A folder that anybody may write would be another's: whoever builds it, these are the rights.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# Grows with each change of the packages alone, or apt takes the one that is there for the newest: docker/deb/changelog.
set(CPACK_DEBIAN_PACKAGE_RELEASE 2)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION mail)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "receiver of the bounces of bulk mail
Mail servers send back what they could not deliver. bounced takes it in by
SMTP, decodes delivery reports and free text into an event for each recipient,
keeps them in PostgreSQL, reports failure rates over HTTP and tells whom to
stop mailing.")
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "passwd, procps") # procps: /bin/kill of ExecReload
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "postgresql (>= 15)")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "bash-completion")
set(deb ${CMAKE_SOURCE_DIR}/docker/deb)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA "${deb}/postinst;${deb}/prerm;${deb}/postrm;${deb}/conffiles")

set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION mail)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "decoder of bounced mail, without a server
The parser of bounced on the command line: mails, mbox files and maildirs
become one JSON object each, and bare replies of SMTP servers get a reason and
a class. It needs no database and no network.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "decoder of bounced mail, as a library
Mails and mailboxes in, recipients and the reasons why they could not be
reached out: the parser of bounced, for other programs.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_MULTIARCH same)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${deb}/triggers")

set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libbounced-parser0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_COMPONENT_DEV_DESCRIPTION "decoder of bounced mail, as a library (development)
The header, the pkg-config file and an example of libbounced-parser.")
include(CPack)
