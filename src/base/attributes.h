/* Compiler attributes that the whole program uses; no macro here hides control flow. */
#ifndef ANTENNA_BASE_ATTRIBUTES_H
#define ANTENNA_BASE_ATTRIBUTES_H

/** The caller must look at the result. */
#define must_check __attribute__((warn_unused_result))

/** Argument number `text` (from 1) is a printf format for the arguments from number `first` on. */
#define printf_like(text, first) __attribute__((__format__(printf, text, first)))

/** Calls `function(&variable)` when the variable leaves its scope. */
#define cleanup(function) __attribute__((__cleanup__(function)))

#endif
