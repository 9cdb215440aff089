# What Debian asks of a package, before CPack packs it: a changelog of Debian's form, small documents, stripped libraries.
set(usr "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(changelog "${usr}/share/doc/${CPACK_PACKAGE_NAME}/changelog.Debian")
file(WRITE "${changelog}" "${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium

  * What changed: CHANGELOG.md beside this file.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB pages "${usr}/share/man/man1/*.1")
execute_process(COMMAND gzip -9n ${pages} "${changelog}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND strip --strip-unneeded "${usr}/lib/antenna/libduckdb.so" COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY "${usr}/share/lintian/overrides")
file(COPY_FILE "${CMAKE_CURRENT_LIST_DIR}/../deploy/debian/lintian-overrides"
    "${usr}/share/lintian/overrides/${CPACK_PACKAGE_NAME}")
