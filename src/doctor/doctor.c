#include "doctor/doctor.h"

#include "base/stop.h"
#include "doctor/subjects.h"

void doctor_examine(struct doctor *doctor)
{
    static const struct {
        const char *name;
        void (*examine)(struct doctor *doctor);
    } subjects[DOCTOR_SUBJECTS] = {{"kafka", examine_kafka},
                                   {"postgres", examine_postgres},
                                   {"storage", examine_storage},
                                   {"listen", examine_listen},
                                   {"host", examine_host}};

    doctor->brokers = 1;
    for (size_t i = 0; i < DOCTOR_SUBJECTS; i++)
        if (stop_requested())
            doctor->left[doctor->left_count++] = subjects[i].name;
        else
            subjects[i].examine(doctor);
}
