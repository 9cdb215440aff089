# The Debian package, made by `make deb` (CPack).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME antenna)
set(CPACK_PACKAGE_CONTACT "The maintainers of antenna <antenna@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "totals and archive of the events of mobile-phone antennas")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "A lambda architecture in one program: events from Kafka become window
totals in PostgreSQL and a Parquet archive, exactly once (speed layer), and
the archive becomes hourly totals and users over their quota (batch layer).
.
This package has both layers as services of systemd, and the dashboards for
Apache Superset.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)

# Libraries of Debian's are found by dpkg-shlibdeps; the user of the services is made by systemd-sysusers.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${ANTENNA_PARTS}/duckdb/lib")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql-client, python3")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
    ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
    ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/finish_package.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/check_package.cmake)
include(CPack)
