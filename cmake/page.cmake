# The page's modules become a few scripts, its style sheets one sheet, in the build: a browser asks for each file by itself, and
# seventeen of them took it longer than all answers together.
add_executable(bundle_page cmake/bundle_page.c)
target_link_libraries(bundle_page PRIVATE bounced_core PkgConfig::GLIB)

set(dashboard ${CMAKE_SOURCE_DIR}/api/dashboard)
file(GLOB page_files CONFIGURE_DEPENDS ${dashboard}/*.* ${dashboard}/vendor/*.*)
set(page_copied ${page_files})
list(FILTER page_copied EXCLUDE REGEX "\\.(js|css)$")
# What others wrote comes first, so that our sheets have the last word.
set(page_sheets ${dashboard}/vendor/uplot.css ${dashboard}/page.css ${dashboard}/parts.css)

# start.js stands in the HTML; page.js has all others, first what the first view wants: of one script a browser asks once.
set(page_start state zone api overview_questions theme start)
set(page_first dom format trouble grant controls table chart rates movers view_overview main)
set(page_views ${page_files})
list(FILTER page_views INCLUDE REGEX "\\.js$")
list(FILTER page_views EXCLUDE REGEX "/vendor/")
foreach(group start first)
  list(TRANSFORM page_${group} PREPEND ${dashboard}/)
  list(TRANSFORM page_${group} APPEND .js)
  list(REMOVE_ITEM page_views ${page_${group}})
endforeach()

set(page page.css start.js page.js)
foreach(file IN LISTS page_copied)
  get_filename_component(name ${file} NAME)
  list(APPEND page ${name})
endforeach()
list(TRANSFORM page PREPEND ${CMAKE_BINARY_DIR}/page/)
list(SORT page)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/page)
add_custom_command(OUTPUT ${page}
  COMMAND bundle_page ${CMAKE_BINARY_DIR}/page start.js=start ${page_start} page.js=main ${dashboard}/vendor/uplot.js ${page_first}
    -- ${page_views} page.css= ${page_sheets} = ${page_copied}
  DEPENDS bundle_page ${page_files} VERBATIM COMMENT "Putting the page together")
bounced_embed_files(bounced_api_handle dashboard_embedded ${page})
