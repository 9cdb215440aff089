# Checks the package that CPack has made. Without dpkg-shlibdeps CPack prints a message, and leaves all libraries out.
foreach(package IN LISTS CPACK_PACKAGE_FILES)
    execute_process(COMMAND dpkg-deb --field "${package}" Depends OUTPUT_VARIABLE depends COMMAND_ERROR_IS_FATAL ANY)
    if(NOT depends MATCHES "libpq5")
        file(REMOVE "${package}")
        message(FATAL_ERROR "the package depends on no libpq5, but on \"${depends}\"
hint: install dpkg-dev, whose dpkg-shlibdeps finds the libraries")
    endif()
endforeach()
