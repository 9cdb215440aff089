#include "doctor/doctor.h"

#include "base/stop.h"
#include "doctor/subjects.h"

void doctor_examine(struct doctor *doctor)
{
    static void (*const subjects[])(struct doctor * doctor) = {examine_kafka, examine_postgres, examine_storage,
                                                               examine_host};

    doctor->brokers = 1;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects) && !stop_requested(); i++)
        subjects[i](doctor);
}
