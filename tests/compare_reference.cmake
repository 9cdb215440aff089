# Fails when a generated page of docs is not what its table in the code says.
execute_process(COMMAND ${GENERATOR} OUTPUT_VARIABLE generated COMMAND_ERROR_IS_FATAL ANY)
file(READ ${REFERENCE} written)
if(NOT written STREQUAL generated)
    message(FATAL_ERROR "${REFERENCE} differs from its table: run make reference")
endif()
