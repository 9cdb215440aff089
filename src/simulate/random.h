/*
 * Pseudo-random numbers that are the same on every machine: SplitMix64 (Steele, Lea, Flood: Fast Splittable
 * Pseudorandom Number Generators, OOPSLA 2014). Everything that is drawn from it is drawn with integers only, because
 * the same seed must make the same bytes whatever compiler and library do to fractions.
 */
#ifndef ANTENNA_SIMULATE_RANDOM_H
#define ANTENNA_SIMULATE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state; /* begins as the seed */
};

/** The next 64 random bits. */
static inline uint64_t random_next(struct random *random)
{
    uint64_t bits = random->state += 0x9e3779b97f4a7c15u;

    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/** The next 32 random bits. */
static inline uint32_t random_next32(struct random *random)
{
    return (uint32_t)(random_next(random) >> 32);
}

/** A number from 0 to before `end`, all equally likely as far as 32 bits go. `end` must not be 0. */
static inline uint32_t random_below(struct random *random, uint32_t end)
{
    return (uint32_t)((uint64_t)random_next32(random) * end >> 32);
}

/** A number from 0 to before `end`, lower ones likelier: the first 1/n of them come in 1/sqrt(n) of the draws. */
static inline uint32_t random_skewed(struct random *random, uint32_t end)
{
    uint64_t fraction = random_next32(random);

    return (uint32_t)((fraction * fraction >> 32) * end >> 32);
}

/** A number from 0 to before `end`, each half as likely as the one before it, the last as likely as its neighbour. */
static inline uint32_t random_halving(struct random *random, uint32_t end)
{
    uint64_t bits = random_next(random);
    uint32_t zeros = bits ? (uint32_t)__builtin_ctzll(bits) : 63;

    return zeros < end ? zeros : end - 1;
}

#endif
