/* doctor/cgroup: the least limit of a group and those above it, in both versions of the kernel's interface. */
#include "folder.h"
#include "unit.h"

#include "doctor/cgroup.h"

static int set_up(void **state)
{
    (void)state;
    return folder_make();
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove();
}

static int64_t limit(void)
{
    cleanup(memory_free) char *groups = memory_printf("%s/groups", root);
    cleanup(memory_free) char *mount = memory_printf("%s/mount", root);

    return cgroup_memory_limit(groups, mount);
}

static void test_version_2(void **state)
{
    (void)state;
    in_root("echo 0::/service/job >groups && mkdir -p mount/service/job");
    assert_int_equal(limit(), -1);
    in_root("echo max >mount/service/job/memory.max");
    assert_int_equal(limit(), -1);
    in_root("echo 3000 >mount/service/memory.max");
    assert_int_equal(limit(), 3000);
    in_root("echo 2000 >mount/service/job/memory.max");
    assert_int_equal(limit(), 2000);
    in_root("echo 1000 >mount/memory.max");
    assert_int_equal(limit(), 1000);
}

static void test_version_1(void **state)
{
    (void)state;
    in_root("printf '2:cpu,cpuacct:/job\\n1:memory:/job\\n0::/\\n' >groups && mkdir -p mount/memory/job mount/cpu/job");
    in_root("echo 9223372036854771712 >mount/memory/memory.limit_in_bytes");
    assert_int_equal(limit(), -1);
    in_root("echo 4096 >mount/memory/job/memory.limit_in_bytes && echo 1 >mount/cpu/job/memory.limit_in_bytes");
    assert_int_equal(limit(), 4096);
}

/* Inside a container the group's own folder may be the mount itself. */
static void test_a_group_whose_folder_is_not_seen(void **state)
{
    (void)state;
    in_root("echo 0::/seen/outside/only >groups && mkdir mount && echo 5000 >mount/memory.max");
    assert_int_equal(limit(), 5000);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    assert_int_equal(limit(), -1);
    in_root("echo nonsense >groups");
    assert_int_equal(limit(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_version_2, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_group_whose_folder_is_not_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_read, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
