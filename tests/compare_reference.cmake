# Fails when docs/reference.md is not what the option table says.
execute_process(COMMAND ${GENERATOR} OUTPUT_VARIABLE generated COMMAND_ERROR_IS_FATAL ANY)
file(READ ${REFERENCE} written)
if(NOT written STREQUAL generated)
    message(FATAL_ERROR "docs/reference.md differs from the option table: run make reference")
endif()
