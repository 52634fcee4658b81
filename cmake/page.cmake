# The page's modules become one script, its style sheets one sheet, in the build: a browser asks for each file by itself, and
# seventeen of them took it longer than all answers together.
add_executable(bundle_page cmake/bundle_page.c)
target_link_libraries(bundle_page PRIVATE bounced_core)

# What others wrote comes first, so that our sheets have the last word.
file(GLOB page_vendor CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/dashboard/vendor/*.*)
file(GLOB page_own CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/dashboard/*.*)
set(page_sources ${page_vendor} ${page_own})
set(page ${page_sources})
list(FILTER page EXCLUDE REGEX "\\.(js|css)$")
list(APPEND page page.css page.js)
list(TRANSFORM page REPLACE "^.*/" "")
list(TRANSFORM page PREPEND ${CMAKE_BINARY_DIR}/page/)
list(SORT page)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/page)
add_custom_command(OUTPUT ${page} COMMAND bundle_page ${CMAKE_BINARY_DIR}/page ${page_sources}
  DEPENDS bundle_page ${page_sources} VERBATIM COMMENT "Putting the page together")
bounced_embed_files(bounced_api_handle dashboard_embedded ${page})
