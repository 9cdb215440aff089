# What is installed, and where below the prefix: `make install` and the Debian package.
#
# DuckDB's library comes from the pinned parts and not from the system. It lies in a folder of our own, which the program
# finds from its own place: prefix and DESTDIR may be anything.
set(PRIVATE_LIBRARIES lib/antenna)
set_target_properties(antenna PROPERTIES INSTALL_RPATH "$ORIGIN/../${PRIVATE_LIBRARIES}")
install(TARGETS antenna RUNTIME DESTINATION bin)
install(FILES $<TARGET_PROPERTY:duckdb,IMPORTED_LOCATION> DESTINATION ${PRIVATE_LIBRARIES})

install(FILES deploy/systemd/antenna-speed@.service deploy/systemd/antenna-batch.service
    deploy/systemd/antenna-notify.service
    DESTINATION lib/systemd/system)
install(FILES deploy/systemd/antenna.sysusers DESTINATION lib/sysusers.d RENAME antenna.conf)

set(DOCUMENTATION share/doc/antenna)
file(GLOB GUIDES CONFIGURE_DEPENDS docs/*.md docs/*.svg docs/*.png)
install(FILES README.md ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE DESTINATION ${DOCUMENTATION})
install(FILES ${GUIDES} DESTINATION ${DOCUMENTATION}/docs)
install(DIRECTORY docs/first-hour DESTINATION ${DOCUMENTATION}/docs)
install(FILES deploy/config/speed.ini deploy/config/batch.ini deploy/config/notify.ini DESTINATION ${DOCUMENTATION}/examples)
# Small images leave out share/doc: what a command reads is not there.
install(FILES demo/users.csv DESTINATION share/antenna)
install(DIRECTORY deploy/monitoring DESTINATION ${DOCUMENTATION}/deploy)
file(GLOB RESULTS CONFIGURE_DEPENDS bench/results/*.md bench/results/*.svg)
install(FILES ${RESULTS} DESTINATION ${DOCUMENTATION}/bench/results)
install(FILES bench/README.md DESTINATION ${DOCUMENTATION}/bench)
install(FILES third_party/README.md third_party/sbom.cdx.json DESTINATION ${DOCUMENTATION}/third_party)
install(CODE "set(DOCUMENTATION \"${DOCUMENTATION}\")")
install(SCRIPT cmake/unlink.cmake)

# The licences of what is inside the program and beside it.
install(FILES deploy/debian/copyright DESTINATION ${DOCUMENTATION})
install(FILES ${ANTENNA_PARTS}/source/librdkafka/LICENSES.txt DESTINATION ${DOCUMENTATION}
    RENAME librdkafka-licences.txt)

# The dashboards, and what loads them into a Superset.
install(PROGRAMS serving/superset/import DESTINATION share/antenna/superset)
install(FILES serving/superset/importer.py serving/superset/client.py serving/superset/passwords.py
    serving/superset/queries.py DESTINATION share/antenna/superset)
install(DIRECTORY serving/superset/assets DESTINATION share/antenna/superset)

# Manual pages and completions, where the build has made them.
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION share/man/man1 OPTIONAL FILES_MATCHING PATTERN "*.1")
install(FILES ${CMAKE_BINARY_DIR}/completions/antenna.bash DESTINATION share/bash-completion/completions
    RENAME antenna OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/completions/_antenna DESTINATION share/zsh/vendor-completions OPTIONAL)
