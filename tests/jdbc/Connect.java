import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.Properties;

/** The same as connect.c, by PostgreSQL's JDBC driver, as Spark calls it: user and password are properties. */
public class Connect {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Properties login = new Properties();
        login.setProperty("user", arguments[0]);
        login.setProperty("password", arguments[1]);
        for (String address; (address = lines.readLine()) != null;) {
            try (Connection connection = DriverManager.getConnection(address, login);
                    ResultSet row = connection.createStatement().executeQuery(arguments[2])) {
                row.next();
                StringBuilder line = new StringBuilder("connected");
                for (int column = 1; column <= row.getMetaData().getColumnCount(); column++)
                    line.append('\t').append(row.getString(column));
                out.println(line);
            } catch (Exception error) {
                out.println("refused\t" + String.valueOf(error.getMessage()).split("\n")[0]);
            }
        }
    }
}
