# Units of single roles: docker/role.service.in, with what each of them needs beside it. They stand in the folder units of the build.
# bounced_unit(NAME ROLES DESCRIPTION COMMENT [UNIT LINE...] [SERVICE LINE...])
function(bounced_unit name roles description comment)
  cmake_parse_arguments(PARSE_ARGV 4 of "" "" "UNIT;SERVICE")
  list(JOIN of_UNIT "\n" unit)
  list(JOIN of_SERVICE "\n" service)
  string(APPEND unit "\n")
  string(APPEND service "\n")
  configure_file(docker/role.service.in ${CMAKE_BINARY_DIR}/units/bounced-${name}.service @ONLY)
endfunction()
function(bounced_socket name setting description)
  list(JOIN ARGN "\n" listen)
  configure_file(docker/role.socket.in ${CMAKE_BINARY_DIR}/units/bounced-${name}.socket @ONLY)
endfunction()

set(after_database "After=network-online.target bounced-postgres.service" Wants=network-online.target)
set(connects "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6" SocketBindDeny=any)

bounced_unit(smtp smtp "takes mail"
  "Has no network but the sockets that bounced-smtp.socket hands over, no capability, and no way to a database."
  UNIT Requires=bounced-smtp.socket "After=bounced-smtp.socket time-sync.target"
  SERVICE RuntimeDirectory=bounced RuntimeDirectoryMode=0755 PrivateNetwork=yes RestrictAddressFamilies=AF_UNIX)
bounced_socket(smtp smtp.listen "SMTP" ListenStream=0.0.0.0:25 "ListenStream=[::]:25" BindIPv6Only=ipv6-only)
bounced_unit(loader migrate,loader "brings mail from the spool into the database"
  "Connects to the database and nowhere else (IPAddressDeny=any and IPAddressAllow= with its address say so); brings the schema up to date."
  UNIT ${after_database} SERVICE ${connects})
bounced_unit(api api "answers over HTTP"
  "Opens no port itself: bounced-api.socket does."
  UNIT Requires=bounced-api.socket ${after_database} After=bounced-api.socket SERVICE ${connects})
bounced_socket(api api.listen "HTTP" ListenStream=127.0.0.1:8080)
bounced_unit(scheduler scheduler "retention and exports"
  "Folders of exports stand in a ReadWritePaths= of your own; commands of exports run under this unit."
  UNIT ${after_database} SERVICE "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6")
bounced_unit(hook hook "tells others by HTTP" "Only where webhook.targets is set."
  UNIT ${after_database} SERVICE ${connects})
bounced_unit(resolver resolver "asks whose mailboxes a domain has" "Only where domain.mx_lookups is set."
  UNIT ${after_database} SERVICE ${connects})
bounced_unit(log log "reads the logs of mail systems" "Only where [log] names files. They belong to the group adm as Debian has it."
  UNIT ${after_database} SERVICE ${connects} SupplementaryGroups=adm)
bounced_unit(postgres postgres "the private PostgreSQL" "Only where database.url is not set. On a Unix socket, without a network."
  UNIT After=local-fs.target SERVICE PrivateNetwork=yes RestrictAddressFamilies=AF_UNIX)

file(GLOB units ${CMAKE_BINARY_DIR}/units/*)
install(FILES ${units} DESTINATION lib/systemd/system COMPONENT server)
